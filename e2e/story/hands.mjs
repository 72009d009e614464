// Walks steps 4 and 6 of the story by hand: people fill in the real forms on the
// screens they would use, Tang and Lin at a desk, Zhou and the bureau on phones.
//
//   node e2e/story/hands.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
//
// The server must run a fresh demo. Exits 1 at the first thing that is not as
// the story says.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'

const { chromium } = createRequire(new URL('../../web/package.json', import.meta.url))('playwright-core')
const [base, password, pictures] = process.argv.slice(2)
if (!base || !password) {
  console.error('usage: node e2e/story/hands.mjs BASE_URL PASSWORD [PICTURES]')
  process.exit(2)
}
if (pictures) mkdirSync(pictures, { recursive: true })
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-background-networking'] })
const DESK = { width: 1280, height: 860 }
const PHONE = { width: 390, height: 844 }

async function be(login, viewport) {
  const context = await browser.newContext({ viewport, locale: 'zh-CN', hasTouch: viewport === PHONE })
  const page = await context.newPage()
  page.setDefaultTimeout(15000)
  page.on('pageerror', (e) => assert.fail(`${login}: script error: ${e}`))
  await page.goto(base + '/login')
  await page.fill('#login', login)
  await page.fill('#password', password)
  await page.click('form button[type=submit]')
  await page.waitForURL((u) => u.pathname !== '/login')
  return page
}

async function look(page, name) {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${name}: the page is ${wide} px too wide`)
}

/** Chooses an entry of a list that filters while one types. */
async function choose(page, field, text) {
  await field.click()
  await page.keyboard.type(text)
  await page.locator('.el-select-dropdown__item:visible').filter({ hasText: text }).first().click()
}

/** Opens a matter, presses an act, fills in its form, sends it. */
async function act(page, matter, name, fill, picture) {
  await page.goto(`${base}/matters/${matter}`)
  const panel = page.locator('section.acts')
  await panel.getByRole('button', { name, exact: true }).first().click()
  if (fill) await fill(panel)
  if (picture) await look(page, picture)
  await panel.locator('form button[type=submit]').click()
  await panel.locator('[role=status]').first().waitFor()
}

const read = (page, path) => page.evaluate(async (p) => (await fetch(p)).json(), path)

try {
  // Tang enters the instruction at her desk.
  const tang = await be('tang', DESK)
  await tang.goto(base + '/enter')
  await choose(tang, tang.locator('#in-leader'), '周望山')
  await tang.fill('#in-verbatim', '新市民为三件事跑三趟，不该。请人社局牵头，公安、教育、数据局配合，参照东屏区试点做成“一件事”，结果告我。')
  await tang.fill('#in-title', '新市民社保转移、居住证、子女入学一件事')
  await look(tang, '01-enter')
  await tang.locator('main form button[type=submit]').click()
  await look(tang, '02-enter-check')
  await tang.locator('main button.primary').first().click()
  const link = tang.getByRole('link', { name: /事项/ }).and(tang.locator('main a.btn.primary'))
  await link.waitFor()
  const id = Number((await link.getAttribute('href')).split('/').pop())
  await look(tang, '03-entered')

  // Lin proposes, with the four units.
  const lin = await be('lin', DESK)
  const units = [['市人社局', '10'], ['市公安局', '8'], ['市教育局', '8'], ['市数据局', '8']]
  await act(lin, id, '提出拟办意见', async (panel) => {
    await panel.locator('textarea').first().fill('建议由市人社局牵头，市公安局、市教育局、市数据局协办。')
    for (const [i, [name, days]] of units.entries()) {
      await panel.getByRole('button', { name: i === 0 ? /牵头单位/ : /协办单位/ }).last().click()
      const row = panel.locator('.list .item').nth(i)
      await choose(lin, row.locator('.el-select input').first(), name)
      await row.locator('input.n').fill(days)
    }
  }, '04-propose')

  // Zhou approves on his phone; the number is drawn.
  const zhou = await be('zhou', PHONE)
  await look(zhou, '05-zhou-today')
  await act(zhou, id, '同意立项', null, '06-approve')
  assert.equal((await read(zhou, `/api/matters/${id}`)).number, '澄政督〔2026〕47号')

  // Lin assigns; the units are already filled in.
  await act(lin, id, '交办', async (panel) => {
    await panel.locator('label.choice').filter({ hasText: '转' }).first().click()
    assert.equal(await panel.locator('.list .item').count(), 4, 'what was proposed is not asked again')
  }, '07-assign')

  // The bureau works by phone: sign for it, put it to the head, section, clerk, report.
  const kids = (await read(lin, `/api/matters/${id}`)).children_rows
  assert.equal(kids.length, 4)
  const lead = kids.find((k) => k.number.endsWith('-1')).id
  const shen = await be('shen', PHONE)
  await look(shen, '08-shen-today')
  await act(shen, lead, '签收', null, '09-sign')
  await act(shen, lead, '提请分管负责人批办', (panel) => choose(shen, panel.locator('.el-select input').first(), '何清源'), '10-split')
  const he = await be('he', PHONE)
  await act(he, lead, '批至科室', (panel) => choose(he, panel.locator('.el-select input').first(), '社会保险关系科'), '11-direct')
  const song = await be('song', PHONE)
  await act(song, lead, '落实承办人', (panel) => choose(song, panel.locator('.el-select input').first(), '吴桐'), '12-allot')
  const wu = await be('wu', PHONE)
  await act(wu, lead, '报送办理情况', async (panel) => {
    await panel.locator('textarea').first().fill('三项合并申请已在高新区上线，材料由9份减为2份。')
    await panel.getByText('已解决', { exact: true }).click()
  }, '13-report')
  await act(he, lead, '审签同意', null, '14-signoff')

  // Lin returns it once; the clerk completes it.
  await act(lin, lead, '退回补充', (panel) => panel.locator('textarea').first().fill('请补充完成时间和群众反映情况。'), '15-return')
  await act(wu, lead, '报送办理情况', (panel) => panel.locator('textarea').first().fill('三项合并申请已在高新区上线，12月4日前全区可办；首批42户回访，41户无需到场。'))
  await act(he, lead, '审签同意')
  await act(lin, lead, '审核通过', null, '16-accept')
  assert.equal((await read(lin, `/api/matters/${lead}`)).outcome, 'accepted')

  // The story sees what people did, and goes on from there.
  await lin.goto(base + '/story')
  await look(lin, '17-story')
  const built = async () => Object.fromEntries((await read(lin, '/api/demo')).steps.filter((s) => s.built).map((s) => [s.n, s.state]))
  assert.deepEqual(await built(), { 4: 'done', 6: 'next', 11: 'waiting', 12: 'waiting' })
  for (const step of [6, 11, 12]) {
    const done = lin.waitForResponse((r) => r.url().endsWith('/api/demo/next') && r.status() === 200)
    await lin.locator('main').getByRole('button', { name: '下一件事' }).click()
    await done
    assert.equal((await built())[step], 'done', `step ${step}`)
  }
  await lin.goto(`${base}/tree/${id}`)
  await look(lin, '18-tree')
  console.log('the story by hand: entered, approved, signed for, split, reported, returned, accepted and closed')
} finally {
  await browser.close()
}
