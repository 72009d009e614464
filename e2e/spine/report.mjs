// The spine of the program by hand: a secretary brings in a real work report,
// confirms, edits, merges, splits and drops what is proposed and dispatches it;
// the bureau handles its part by phone; the leader is answered and the number is
// closed. Every act's receipt is downloaded and verified offline.
//
//   node e2e/spine/report.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
//
// GOVREPORTS names the corpus the report is read from; without it the report of
// the demonstration city stands in, and the walk says so.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { DESK, PHONE, begin, choose, say } from '../browser.mjs'
import { bureau } from '../bureau.mjs'
import { document } from '../files.mjs'
import { bring, decide, dispatch, open, pane, prove, recorded } from '../intake.mjs'

const corpus = process.env.GOVREPORTS ?? '/work/shared/policy/corpus/govreports.national.jsonl.gz'
const demo = readFileSync(new URL('../../demo/report.txt', import.meta.url), 'utf8')

function realReport(year) {
  if (!existsSync(corpus)) {
    console.log(`skipped: no real report, ${corpus} is not there; the demonstration city's report stands in`)
    return { name: '澄川市政府工作报告.txt', text: demo }
  }
  const lines = gunzipSync(readFileSync(corpus)).toString().trim().split('\n').map((l) => JSON.parse(l))
  const found = lines.find((l) => l.year === year)
  return { name: `${found.title}.txt`, text: `${found.title}\n\n${found.content}` }
}

const walk = await begin()
try {
  // At her desk Tang brings in the report; every proposal shows its sentence.
  const tang = await walk.be('tang', DESK)
  const { name, text } = realReport('2025')
  const id = await bring(tang, walk, name, Buffer.from(text))
  const read = async () => (await walk.read(tang, `/api/imports/${id}`)).proposals
  const all = await read()
  const text1 = text.replace(/\s/g, '')
  assert.ok(all.length >= 10, `${all.length} proposals`)
  assert.ok(all.every((p) => text1.includes(p.source.text.replace(/\s/g, ''))), 'every proposal stands in the report')
  await walk.look(tang, '01-import', false)
  await tang.getByRole('button', { name: '本次导入的凭证' }).click()
  await walk.prove(tang, tang.locator('main'))
  await tang.getByRole('button', { name: '本次导入的凭证' }).click()

  // One is changed, to a unit that has it and to a limit, and confirmed in one go.
  await open(tang, 1)
  await pane(tang).getByRole('button', { name: /^修改/ }).click()
  await tang.fill('#edit-title', '城镇新增就业目标分解落实')
  await choose(tang, tang.locator('#edit-lead'), '市人社局')
  for (const tag of await pane(tang).locator('.el-tag__close').all()) await tag.click()
  await tang.keyboard.press('Escape')
  await tang.fill('#edit-limit', '１５') // full-width digits, as an input method leaves them
  await walk.look(tang, '02-edit', false)
  await decide(tang, '保存并确认', 1, '已确认')
  await prove(tang, walk)

  // By keys: the next two are merged, one is split, one is dropped.
  const [a, b, c, d] = all.slice(1, 5).map((p) => p.n)
  await open(tang, b)
  await tang.keyboard.press('m')
  await recorded(tang, a, '已合并')
  await prove(tang, walk)
  await open(tang, c)
  await tang.keyboard.press('s')
  await tang.fill('#split-parts', '制定年度方案\n年底前完成验收')
  await decide(tang, /^拆分/, c, '已拆分')
  await prove(tang, walk)
  await open(tang, d)
  await tang.keyboard.press('d')
  await recorded(tang, d, '不采用')
  await prove(tang, walk)
  const now = Object.fromEntries((await read()).map((p) => [p.n, p]))
  assert.equal(now[b].into, a)
  assert.equal(now[c].title, '制定年度方案')
  assert.equal(now[all.length + 1].from, c)
  assert.equal(now[d].state, 'dropped')

  // What has no lead unit cannot be confirmed: the form opens and says why.
  const free = (await read()).find((p) => p.state === 'proposed' && !p.lead)
  if (free) {
    await open(tang, free.n)
    await tang.keyboard.press('y')
    await pane(tang).getByText('请先选定牵头单位，再确认。').waitFor()
    await walk.look(tang, '03-no-lead', false)
    await tang.getByRole('button', { name: '取消' }).click()
  }
  // A filter stands in the address and survives a reload.
  await tang.locator('.tabs').getByRole('button', { name: '已确认 1' }).click()
  await tang.reload()
  await tang.locator('.list .item').first().waitFor()
  assert.equal(new URL(tang.url()).searchParams.get('state'), 'confirmed')
  assert.equal(await tang.locator('.list .item').count(), 1)

  // Dispatch asks once more, then says who has what until when.
  const [matter, ...rest] = await dispatch(tang, walk, id, '04-dispatch')
  assert.equal(rest.length, 0, 'only what was confirmed is dispatched')
  const lin = await walk.be('lin', DESK)
  const opened = await walk.read(lin, `/api/matters/${matter}`)
  assert.ok(opened.number, 'it has its number')
  assert.deepEqual(opened.waits_for.map((u) => u.zh), ['市人社局'])
  assert.equal(opened.children_rows[0].remaining.unit, 'wd')
  await walk.go(lin, `/matters/${matter}`)
  await lin.locator('main').getByText('市人社局').first().waitFor()
  await walk.look(lin, '05-matter')
  await walk.go(lin, `/matters/${matter}?tab=source`)
  await lin.getByText('缺下一步').first().waitFor()
  await walk.look(lin, '06-provenance', false)

  // The bureau by phone, the office at its desk, the leader by phone.
  await bureau(walk, lin, opened.children_rows[0].id, '目标已分解到各区县，按月调度。', { picture: (name) => `07-${name}` })
  await walk.act(lin, matter, '呈报', say('目标已分解到各区县，按月调度，全年可完成。'), '08-present')
  const zhou = await walk.be('zhou', PHONE)
  await walk.look(zhou, '09-zhou')
  await walk.act(zhou, matter, '同意销号', say('很好，年底再看一次。'), '10-answer')
  const closed = await walk.read(lin, `/api/matters/${matter}`)
  assert.equal(closed.outcome, 'closed')
  await walk.go(lin, `/matters/${matter}?tab=proof`)
  await lin.getByRole('button', { name: '下载凭证' }).waitFor()
  await walk.prove(lin, lin.locator('main'))
  await walk.look(lin, '11-closed', false)

  // On a phone she brings in a document, confirms one, drops one, dispatches.
  const phone = await walk.be('tang', PHONE)
  const second = await bring(phone, walk, '会议纪要.docx', document(demo))
  await walk.look(phone, '12-phone')
  const list = (await walk.read(phone, `/api/imports/${second}`)).proposals
  const led = list.find((p) => p.lead)
  await open(phone, led.n)
  await decide(phone, /^确认/, led.n, '已确认')
  const other = list.find((p) => p.n !== led.n)
  await open(phone, other.n)
  await decide(phone, /^不采用/, other.n, '不采用')
  await prove(phone, walk)
  await dispatch(phone, walk, second, '13-phone')
  console.log(`the spine: ${all.length} tasks proposed from “${name}”, one taken to its end, ${walk.proofs} receipts verified offline`)
} finally {
  await walk.end()
}
