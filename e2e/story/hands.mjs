// Walks steps 4, 6, 11 and 12 of the story by hand: people fill in the real forms on
// the screens they would use, Tang and Lin at a desk, Zhou, the units and the auditor
// on phones. Two of the four units are left to the story's button.
//
//   node e2e/story/hands.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
//
// The server must run a fresh demo. Exits 1 at the first thing that is not as
// the story says.
import assert from 'node:assert/strict'
import { DESK, PHONE, begin, choose, say, until } from '../browser.mjs'
import { POLICE, reported, signed, split } from '../bureau.mjs'
import { photo, xlsx } from '../files.mjs'

const walk = await begin()
const { base } = walk
const look = (page, name) => walk.look(page, name)
const built = async (page) => Object.fromEntries((await walk.read(page, '/api/demo')).steps.filter((s) => s.built).map((s) => [s.n, s.state]))

/** Issues a paper of a matter from its print page. */
async function issued(page, matter, sort, name) {
  await walk.go(page, `/matters/${matter}/print?sort=${sort}`)
  await page.locator('.a4').waitFor()
  await walk.look(page, name)
  await page.getByRole('button', { name: '印发', exact: true }).click()
  await page.getByRole('button', { name: '确认印发' }).click()
  await page.waitForURL(/\/papers\/\d+$/)
  await page.locator('.a4').waitFor()
  return walk.read(page, `/api/papers/${page.url().split('/').pop()}`)
}

/** Lin names Tang her standing deputy and is away for the day. */
async function away(lin) {
  await walk.go(lin, '/delegations')
  await lin.getByRole('button', { name: '指定AB角' }).click()
  await choose(lin, lin.locator('#taker'), '唐奕')
  await lin.fill('#reason', '互为AB角。')
  await lin.getByRole('button', { name: '确认指定' }).click()
  await lin.locator('main .note.success').waitFor()
  await lin.getByRole('button', { name: '标明不在岗' }).click()
  await lin.fill('#until', (await walk.read(lin, '/api/demo')).now.slice(0, 10))
  await lin.fill('#reason', '下乡实地督查。')
  await lin.locator('main form button[type=submit]').click()
  await lin.getByText('唐奕').first().waitFor()
  await walk.look(lin, '17-away')
}

/** Lets days pass by the story's buttons. */
async function days(page, n, times) {
  await page.goto(base + '/story')
  for (let i = 0; i < times; i++) {
    const done = page.waitForResponse((r) => r.url().endsWith('/api/demo/days') && r.status() === 200)
    await page.getByRole('button', { name: `+${n} 天`, exact: true }).click()
    await done
  }
}

try {
  // Tang enters the instruction at her desk.
  const tang = await walk.be('tang', DESK)
  await tang.goto(base + '/enter')
  await choose(tang, tang.locator('#in-leader'), '周望山')
  await tang.fill('#in-verbatim', '新市民为三件事跑三趟，不该。请人社局牵头，公安、教育、数据局配合，参照东屏区试点做成“一件事”，结果告我。')
  await tang.fill('#in-title', '新市民社保转移、居住证、子女入学一件事')
  await tang.locator('#in-files input[multiple]').setInputFiles(await photo(tang, '批示原件.jpg'))
  await tang.locator('#in-files').getByText('✓').waitFor()
  await look(tang, '01-enter')
  await tang.locator('main form button[type=submit]').click()
  await look(tang, '02-enter-check')
  await tang.locator('main button.primary').first().click()
  const link = tang.getByRole('link', { name: /事项/ }).and(tang.locator('main a.btn.primary'))
  await link.waitFor()
  const id = Number((await link.getAttribute('href')).split('/').pop())
  await look(tang, '03-entered')

  // Lin proposes, with the four units.
  const lin = await walk.be('lin', DESK)
  const units = [['市人社局', '10'], ['市公安局', '8'], ['市教育局', '8'], ['市数据局', '8']]
  await walk.act(lin, id, '提出拟办意见', async (panel) => {
    await say('建议由市人社局牵头，市公安局、市教育局、市数据局协办。')(panel)
    for (const [i, [name, days]] of units.entries()) {
      await panel.getByRole('button', { name: i === 0 ? /牵头单位/ : /协办单位/ }).last().click()
      const row = panel.locator('.list .item').nth(i)
      await choose(lin, row.locator('.el-select input').first(), name)
      await row.locator('input.n').fill(days)
    }
  }, '04-propose')

  // Zhou approves on his phone; the number is drawn.
  const zhou = await walk.be('zhou', PHONE)
  await look(zhou, '05-zhou-today')
  await walk.act(zhou, id, '同意立项', null, '06-approve')
  assert.equal((await walk.read(zhou, `/api/matters/${id}`)).number, '澄政督〔2026〕47号')

  // Lin assigns; the units are already filled in.
  await walk.act(lin, id, '交办', async (panel) => {
    await panel.locator('label.choice').filter({ hasText: '转' }).first().click()
    assert.equal(await panel.locator('.list .item').count(), 4, 'what was proposed is not asked again')
  }, '07-assign')

  // The units are told by a paper, which is issued and printed.
  const notice = await issued(lin, id, 'notice', '08-notice')
  assert.ok((await lin.pdf({ preferCSSPageSize: true, printBackground: true })).length > 5000, 'the notice prints')

  // The bureau works by phone; the office returns its report once. While Lin is away,
  // her deputy accepts the second one for her.
  const kids = (await walk.read(lin, `/api/matters/${id}`)).children_rows
  assert.equal(kids.length, 4)
  const [lead, police] = [kids.find((k) => k.number.endsWith('-1')).id, kids.find((k) => k.unit_name.zh === '市公安局').id]
  const n = { today: '09', sign: '10', split: '11', direct: '12', allot: '13', report: '14', signoff: '15' }
  const picture = (name) => `${n[name]}-${name}`
  await signed(walk, lead, { picture })
  await signed(walk, police, { unit: POLICE })
  const people = await split(walk, lead, { picture })
  const result = '三项合并申请已在高新区上线，材料由9份减为2份。'
  await reported(walk, lead, people, result, { files: [await photo(people.clerk, '窗口现场.jpg')], picture })
  await walk.act(lin, lead, '退回补充', say('请补充完成时间和群众反映情况。'), '16-return')
  await reported(walk, lead, people, result + '已逐户回访，群众反映良好。', { files: [xlsx('首批回访汇总.xlsx', [['回访结果', '户数'], ['无需到场', '41'], ['短信偏晚', '1']])] })
  await away(lin)
  await walk.act(tang, lead, '审核通过', null, '18-deputy')
  const accepted = (await walk.read(lin, `/api/matters/${lead}`)).timeline.at(-1)
  assert.deepEqual([accepted.actor.name, accepted.behalf?.name], ['唐奕', '林岑'], 'the deputy accepted it for her')
  const files = (await walk.read(lin, `/api/attachments?subject=${lead}`)).items.map((f) => f.name)
  assert.deepEqual(files.sort(), ['窗口现场.jpg', '首批回访汇总.xlsx'])

  // Two weeks pass; the police are late, urged by a letter, told on the phone, and report.
  await days(lin, 7, 2)
  await walk.act(lin, police, '催办', say('已逾期，请于两个工作日内报送办理情况。'), '19-urge')
  const letter = await issued(lin, police, 'urge', '20-letter')
  assert.match(letter.number, /^澄政督函〔2026〕\d+号$/)
  const lu = await walk.be('lu', PHONE)
  await until(async () => JSON.stringify(await walk.read(lu, '/api/notices')).includes('催办'), 'the police are told')
  await walk.go(lu, '/notices')
  await lu.getByText('催办').first().waitFor()
  await walk.look(lu, '21-told')
  await reported(walk, police, await split(walk, police, { unit: POLICE }), '居住证窗口已并入，一次办结。', { files: [await photo(lu, '窗口.jpg')] })
  await walk.act(lin, police, '审核通过')

  // The story sees what people did, and lets the two other units finish.
  await lin.goto(base + '/story')
  await look(lin, '22-story')
  assert.deepEqual(await built(lin), { 1: 'waiting', 2: 'waiting', 4: 'done', 6: 'next', 11: 'waiting', 12: 'waiting' })
  const done = lin.waitForResponse((r) => r.url().endsWith('/api/demo/next') && r.status() === 200)
  await lin.locator('main').getByRole('button', { name: '下一件事' }).click()
  await done
  assert.deepEqual(await built(lin), { 1: 'waiting', 2: 'waiting', 4: 'done', 6: 'done', 11: 'next', 12: 'waiting' })

  // The clock stops for a month of measurement; then the result goes back to Zhou,
  // who confirms his words on the phone and closes the number.
  await walk.act(lin, id, '暂停', say('须有一个月实测结果方可呈报，中止计时。'), '23-pause')
  await days(lin, 30, 1)
  await lin.goto(`${base}/matters/${id}`)
  const panel = lin.locator('section.acts')
  await panel.getByRole('button', { name: /恢复/ }).first().click()
  if (await panel.locator('form').count()) await panel.locator('form button[type=submit]').click()
  await until(async () => (await walk.read(lin, `/api/matters/${id}`)).status === 'open', 'the clock runs again')
  await walk.act(lin, id, '呈报批示领导', say('各单位均已办结，一个月实测：跑动由三次减为零次。'), '24-present')
  const report = await issued(lin, id, 'report', '25-report')
  assert.match(report.number, /^澄政督报〔202\d〕\d+号$/)
  await walk.go(zhou, '/confirm')
  await walk.look(zhou, '26-confirm')
  await zhou.locator('main li').filter({ hasText: '跑三趟' }).getByRole('button', { name: '是我的批示' }).click()
  await zhou.locator('main .note.success').first().waitFor()
  await walk.act(zhou, id, '无新批示，同意销号', null, '27-close')
  assert.deepEqual(await built(lin), { 1: 'waiting', 2: 'waiting', 4: 'done', 6: 'done', 11: 'done', 12: 'next' })

  // What came of it stands in the units' record and on the leader's page.
  await until(async () => {
    const all = await walk.read(lin, '/api/record')
    return all.units?.some((u) => JSON.stringify(u).includes('市人社局'))
  }, 'the record has the bureau')
  await walk.go(lin, '/record')
  await lin.locator('tbody tr').filter({ hasText: '市人社局' }).first().waitFor()
  await walk.look(lin, '28-record')
  await walk.go(zhou, '/lead')
  await zhou.locator('.six > div').nth(5).waitFor()
  await walk.look(zhou, '29-lead')
  await lin.goto(`${base}/tree/${id}`)
  await look(lin, '30-tree')

  // The auditor follows the ring, proves a step offline and finds an altered byte.
  const gu = await walk.be('gu', PHONE)
  await walk.go(gu, `/matters/${id}?tab=source`)
  await gu.locator('main').getByText('批示').first().waitFor()
  await walk.look(gu, '31-source')
  await walk.go(gu, `/matters/${id}?tab=proof`)
  await walk.prove(gu, gu.locator('main'))
  await walk.look(gu, '32-proof')
  await walk.go(gu, '/story')
  await gu.getByRole('button', { name: '在副本里改动并检查' }).click()
  await gu.locator('[role=status]').filter({ hasText: '被改动' }).waitFor({ timeout: 120000 })
  await walk.look(gu, '33-altered')
  assert.deepEqual(await built(lin), { 1: 'waiting', 2: 'waiting', 4: 'done', 6: 'done', 11: 'done', 12: 'done' })
  console.log(`the story by hand: entered with its scan, notified, signed for, split, reported with photos, returned, accepted by the deputy, urged by letter, measured, presented, closed, audited; papers ${[notice, letter, report].map((p) => p.number || p.sort).join(', ')}; ${walk.looked} pages looked at, ${walk.proofs} receipts verified offline`)
} finally {
  await walk.end()
}
