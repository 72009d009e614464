// The watch by hand, before the story's first step: the October bulletin is brought
// in as the bureau sent it, its doubtful cells are decided about, it is published;
// a matter is made of what it says and a note quotes it; a draft's claims are held
// to it; the December release takes it back, the note's author is told, and the
// note shows it struck through.
//
//   node e2e/spine/watch.mjs BASE_URL PASSWORD DIRECTORY_FOR_PICTURES|'' desk|phone
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { DESK, PHONE, begin, choose, until } from '../browser.mjs'

const where = process.argv[5] ?? 'desk'
assert.ok(where === 'desk' || where === 'phone', 'desk or phone')
const size = where === 'desk' ? DESK : PHONE
const walk = await begin()
const root = fileURLToPath(new URL('../..', import.meta.url))
const [october, december] = execFileSync('go', ['run', './e2e/watch', walk.dir], { cwd: root, encoding: 'utf8' }).trim().split('\n')

const idOf = (page, what) => Number(new RegExp(`/${what}/(\\d+)`).exec(new URL(page.url()).pathname)?.[1])

/** What was done last says so, and its receipt verifies. One note takes the place of the other: the receipt's number tells them apart. */
let last = ''
async function done(page, text) {
  const note = page.locator('main .note.success[role=status]').first()
  await note.getByText(text).waitFor()
  await until(async () => (await note.locator('summary').textContent()) !== last, 'another receipt is there')
  last = await note.locator('summary').textContent()
  await note.locator('summary').click()
  await walk.prove(page, note)
}

/** Brings a file in by the form; gives the release that waits at the gate. */
async function bring(page, file, day, picture) {
  await walk.go(page, '/observatory/releases')
  await page.getByRole('link', { name: '导入数据' }).first().click()
  await page.locator('main input[type=file]').setInputFiles(file)
  await page.locator('main h2').filter({ hasText: /读出 \d+ 个数/ }).waitFor()
  assert.equal(await page.locator('main .filters input[type=date]').inputValue(), day, 'the day of publication is read from the name')
  assert.equal(await page.locator('main .note.danger').count(), 0, 'every cell is read')
  await page.locator('main .filters input[type=checkbox]').check()
  await page.waitForURL(/first=1/)
  await page.locator('main [aria-busy=false]').waitFor()
  if (picture) await walk.look(page, picture, false)
  await page.getByRole('button', { name: '导入，进入把关' }).click()
  await page.waitForURL(/\/observatory\/releases\/\d+/)
  return idOf(page, 'releases')
}

/** Decides about every cell that waits: it stays out until the bureau has answered. */
async function gate(page, release, picture) {
  const waiting = async () => (await walk.read(page, `/api/observatory/releases/${release}`)).undecided
  const before = await waiting()
  if (picture) await walk.look(page, picture, false)
  for (let left = before; left > 0; left--) {
    const form = page.locator('main article.doubt form').first()
    await form.locator('input').fill('与前后期和增速对不上，已请市统计局核对。')
    await form.getByRole('button', { name: '暂不使用' }).click()
    await until(async () => (await waiting()) < left, 'the cell is decided about')
    await done(page, '已核定')
    await page.locator('main article.doubt form').nth(left - 1).waitFor({ state: 'detached' })
  }
  return before
}

async function publish(page, picture) {
  await page.getByRole('button', { name: '发布这批数据' }).click()
  await done(page, '已发布')
  if (picture) await walk.look(page, picture, false)
}

try {
  // Tang brings the bulletin in, and decides about what the gate has noticed.
  const tang = await walk.be('tang', size)
  const first = await bring(tang, october, '2026-11-20', '01-look')
  const doubted = await gate(tang, first, '02-gate')
  assert.ok(doubted > 0, 'the bulletin has slips that the gate notices')
  await publish(tang, '03-published')
  const told = (await walk.read(tang, `/api/observatory/facts?release=${first}&state=stands&limit=200`)).rows
  const home = (await walk.read(tang, '/api/observatory')).home.code
  const fact = told.find((f) => f.subject?.code === home && f.kind === 'FIRST_TOP_SINCE' && /1999/.test(f.text.zh))
  assert.ok(fact, 'it says that the city is first for the first time since 1999')
  assert.ok(fact.provisional, 'and that this is preliminary')

  // A matter is made of it.
  await walk.go(tang, `/observatory/facts/${fact.id}`)
  await tang.getByText(fact.text.zh).first().waitFor()
  await walk.look(tang, '04-fact', false)
  await tang.getByRole('link', { name: '生成任务' }).first().click()
  await choose(tang, tang.locator('#reg-leader'), '周望山')
  await tang.locator('#register-title').fill('巩固规上工业增加值领先优势')
  await until(async () => (await tang.locator('#register-content').inputValue()) !== '', 'the fact is put into the form')
  await walk.look(tang, '05-matter')
  await tang.locator('main form [type=submit]').click()
  await tang.locator('main [role=status]').filter({ hasText: '已登记' }).waitFor()
  await walk.prove(tang, tang.locator('main'))
  assert.equal((await walk.read(tang, `/api/observatory/facts/${fact.id}`)).led.length, 1, 'the fact knows what it led to')

  // A note quotes it: once from the fact, once by the picker.
  await walk.go(tang, `/observatory/facts/${fact.id}`)
  await tang.getByRole('link', { name: '引用到材料' }).first().click()
  await tang.fill('#note-title', '工业经济运行情况汇报')
  const quote = await tang.locator('#note-body').inputValue()
  assert.match(quote, new RegExp(`fact ${fact.id}`))
  await tang.fill('#note-body', `今年以来，工业运行平稳。${quote}下一步，继续稳住势头。`)
  await tang.getByText(fact.text.zh).first().waitFor()
  await tang.getByRole('button', { name: '引用事实' }).click()
  await tang.fill('#fact-search', '1999')
  await tang.locator('main .list li').first().waitFor()
  await walk.look(tang, '06-note', false)
  await tang.locator('main form [type=submit]').click()
  await tang.waitForURL(/\/observatory\/notes\/\d+/)
  await done(tang, '已保存')
  const note = idOf(tang, 'notes')
  await tang.locator('.quote').filter({ hasText: '初步数' }).waitFor()
  await walk.look(tang, '07-quoted', false)

  // A draft: what is true agrees, what was altered does not, and a rank with no word
  // of total or growth is ambiguous; the wrong one opens its source cell.
  await walk.go(tang, '/observatory/claims')
  await tang.fill('#claims-text', '1—10月，全市规上工业增加值1862.4亿元，总量居全省第一位。\n1—10月，全市规上工业增加值总量居全省第五位。\n1—10月，全市规上工业增加值居全省第一位。')
  await tang.locator('main form [type=submit]').click()
  await tang.locator('.claim').first().waitFor()
  assert.ok((await tang.locator('.claim.agrees').count()) >= 1, 'a true figure agrees')
  assert.equal(await tang.locator('.claim.disagrees').count(), 1, 'one is wrong')
  assert.ok((await tang.locator('.claim.ambiguous').count()) >= 1, 'one is ambiguous')
  await tang.getByRole('button', { name: /不一致 1/ }).click()
  if (where === 'desk') await tang.keyboard.press('j')
  else await tang.locator('.claim').click()
  const evidence = tang.locator('aside.evidence')
  await evidence.getByText('第1位').first().waitFor()
  await evidence.getByText(/2026-11-20\.xlsx 第\d+行/).first().waitFor()
  await walk.look(tang, '08-claims', false)

  // A target of the work report is entered; the December release says how it stands.
  await walk.go(tang, '/observatory/indicators/va_industry_rate?freq=12')
  await tang.getByRole('button', { name: '设定目标' }).click()
  await tang.fill('#tg-value', '7')
  await tang.fill('#tg-source', '2026年政府工作报告：规上工业增加值增长7%以上。')
  await tang.getByRole('button', { name: '设定这个目标' }).click()
  await done(tang, '已设定')
  await tang.locator('blockquote').filter({ hasText: '增长7%以上' }).waitFor()
  await walk.look(tang, '08b-target', false)

  // A screen hangs on the wall; what it reads by itself does not count as use.
  const wall = await walk.be('shen', size)
  await walk.go(wall, '/wall')
  await wall.locator('.tile').first().waitFor()
  await wall.waitForLoadState('networkidle').catch(() => undefined)
  const reads = []
  wall.on('request', (r) => r.url().includes('/api/observatory') && reads.push(r))

  // A month later Lin brings in the release that revises October.
  const lin = await walk.be('lin', size)
  await walk.go(lin, '/story')
  await lin.getByRole('button', { name: '+30 天' }).click()
  await until(async () => (await walk.read(lin, '/api/demo')).now >= '2026-12-21', 'a month has passed')
  const second = await bring(lin, december, '2026-12-21', '09-look')
  await gate(lin, second)
  await publish(lin, '10-published')
  await lin.getByText(fact.text.zh).first().waitFor()
  const now = await walk.read(lin, `/api/observatory/facts/${fact.id}`)
  assert.equal(now.state, 'retracted', 'the first place is taken back')
  assert.equal(now.ended, second)

  // The release's lists: figures revised and facts that read differently, page by page.
  await lin.getByRole('link', { name: /查看全部 \d+ 条/ }).first().waitFor()
  for (const list of [`${first}/doubts`, `${second}/changed`, `${second}/retracted`, `${second}/revised`]) {
    await walk.go(lin, `/observatory/releases/${list}`)
    await lin.locator('main .list, main table').first().waitFor()
    await walk.look(lin, `10-${list.replace(/.*\//, '')}`, false)
  }
  assert.ok(now.ended && (await walk.read(lin, `/api/observatory/releases/${second}/changed`)).rows.every((r) => r.why.length && r.was.zh), 'each says what it said and why it changed')
  await until(() => reads.length > 4, 'the wall has read again')
  assert.deepEqual(reads.filter((r) => r.headers()['x-quiet'] !== '1').map((r) => r.url()), [], 'the wall reads quietly')
  await wall.context().close()

  // Tang is told, and the note shows it.
  await until(async () => JSON.stringify(await walk.read(tang, '/api/notices')).includes('您引用的事实已被修订推翻'), 'the author of the note is told')
  await walk.go(tang, '/notices')
  const notice = tang.locator('main').getByText('您引用的事实已被修订推翻').first()
  await notice.waitFor()
  await walk.look(tang, '11-notice', false)
  await notice.click()
  await tang.waitForURL(new RegExp(`/observatory/facts/${fact.id}`))
  await tang.getByRole('link', { name: '工业经济运行情况汇报' }).click()
  await tang.waitForURL(new RegExp(`/observatory/notes/${note}`))
  await tang.locator('.quote.gone del').first().waitFor()
  await tang.locator('.quote.gone').getByText('已撤回').first().waitFor()
  await tang.getByRole('alert').getByText('已被后来的数据撤回').waitFor()
  await walk.look(tang, '12-retracted', false)
  console.log(`the watch (${where}): ${doubted} doubts decided, one fact found, quoted, led to a matter and retracted; ${walk.proofs} receipts verified offline, ${walk.looked} pages looked at`)
} finally {
  await walk.end()
}
