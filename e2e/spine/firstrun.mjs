// The first hour of an empty installation: the one-time token makes the first
// administrator, who adds a bureau, a section, people and their posts; the new
// people sign in, bring in a report and sign for what it led to.
//
//   node e2e/spine/firstrun.mjs BASE_URL TOKEN [DIRECTORY FOR PICTURES]
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DESK, PHONE, begin, choose } from '../browser.mjs'
import { bring, decide, dispatch, open } from '../intake.mjs'

const walk = await begin()
const token = walk.password
const SECRET = 'Chunjiang-2026-lvrushan'

async function form(page, which, fill) {
  const button = page.getByRole('button', { name: which, exact: true })
  if ((await button.getAttribute('aria-expanded')) !== 'true') await button.click()
  const it = page.locator(`form[aria-label="${which}"]`)
  await it.waitFor()
  await fill(it)
  await it.getByRole('button', { name: '保存' }).click()
}
const saved = (page, text) => page.locator('main [role=status]').filter({ hasText: text }).waitFor()
const dutyOf = (page, name) => page.locator('#u-duty').selectOption({ label: name })

try {
  for (const size of [DESK, PHONE]) {
    const visitor = await walk.guest(size)
    await walk.go(visitor, '/matters')
    await visitor.waitForURL(/\/setup$/)
    await walk.look(visitor, `setup-${size.width}`)
  }
  const admin = await walk.guest(DESK)
  await walk.go(admin, '/')
  await admin.locator('form button[type=submit]').click()
  await admin.getByRole('alert').waitFor()
  await walk.look(admin, 'setup-empty')
  await admin.fill('#s-token', 'wrong-token')
  await admin.fill('#s-name', '方屿')
  await admin.fill('#s-login', 'ａdmin') // a full-width letter, as an input method leaves it
  await admin.fill('#s-password', SECRET)
  await admin.locator('form button[type=submit]').click()
  await admin.getByRole('alert').waitFor()
  assert.equal(await admin.inputValue('#s-name'), '方屿', 'what was typed stays')
  await walk.look(admin, 'setup-wrong-token')
  await admin.fill('#s-token', ` ${token} `)
  await admin.locator('form button[type=submit]').click()
  await admin.waitForURL(/\/units$/)
  await walk.look(admin, 'units-first')

  // A unit, with a mistake first: nothing typed is lost.
  await form(admin, '增加单位', (f) => f.locator('#u-name').fill('市人力资源和社会保障局'))
  await admin.getByRole('alert').getByText('上级单位').waitFor()
  assert.equal(await admin.inputValue('#u-name'), '市人力资源和社会保障局')
  await walk.look(admin, 'units-error')
  const root = (await walk.read(admin, '/api/units'))[0].name.zh
  await form(admin, '增加单位', async (f) => {
    await choose(admin, f.locator('#u-parent'), root)
    await f.locator('#u-kind').selectOption({ label: '部门' })
  })
  await saved(admin, '单位已增加')
  await form(admin, '增加单位', async (f) => {
    await choose(admin, f.locator('#u-parent'), '市人力资源和社会保障局')
    await f.locator('#u-name').fill('就业促进科')
    await f.locator('#u-kind').selectOption({ label: '科室' })
  })
  await saved(admin, '单位已增加')

  // People and their posts; after a person the form for the post is ready.
  const people = [
    ['周望山', 'zhou', '市政府办公室', '责任领导'], ['唐奕', 'tang', '市政府办公室', '秘书'], ['林岑', 'lin', '市政府办公室', '督查专员'], ['沈禾', 'shen', '市人力资源和社会保障局', '联络员'],
  ]
  for (const [i, [name, login, unit, duty]] of people.entries()) {
    await form(admin, '增加人员', async (f) => {
      await f.locator('#u-name').fill(name)
      await f.locator('#u-login').fill(login)
      await f.locator('#u-password').fill(i === 0 ? 'short' : SECRET)
    })
    if (i === 0) {
      await admin.getByRole('alert').getByText('至少').first().waitFor()
      await form(admin, '增加人员', (f) => f.locator('#u-password').fill(SECRET))
    }
    await saved(admin, '人员已增加')
    await form(admin, '任命岗位', async (f) => {
      assert.match(await f.locator('.el-select').first().textContent(), new RegExp(name), 'the person just added is chosen')
      await choose(admin, f.locator('#u-unit'), unit)
      await dutyOf(admin, duty)
      if (i === 0) await walk.look(admin, 'units-post')
    })
    await saved(admin, '岗位已任命')
  }
  await walk.look(admin, 'units-done')
  const mobile = await walk.be('admin', PHONE, SECRET)
  await walk.go(mobile, '/units')
  await mobile.getByText('沈禾').waitFor()
  await walk.look(mobile, 'units-phone')

  // The new people work: the lead is found by the bureau's name.
  const tang = await walk.be('tang', DESK, SECRET)
  await walk.look(tang, 'tang-empty')
  const report = readFileSync(new URL('../../demo/report.txt', import.meta.url))
  const id = await bring(tang, walk, '工作报告.txt', report)
  const led = (await walk.read(tang, `/api/imports/${id}`)).proposals.find((p) => p.lead?.unit_name.zh === '市人力资源和社会保障局')
  assert.ok(led, 'a task is proposed for the bureau')
  await open(tang, led.n)
  await decide(tang, /^确认/, led.n, '已确认')
  const [matter] = await dispatch(tang, walk, id, 'first-dispatch')
  const shen = await walk.be('shen', PHONE, SECRET)
  const part = (await walk.read(tang, `/api/matters/${matter}`)).children_rows[0].id
  await walk.look(shen, 'shen-first')
  await walk.act(shen, part, '签收')
  console.log('first run: administrator by token, units, people and posts by form, first report dispatched and signed for')
} finally {
  await walk.end()
}
