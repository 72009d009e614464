// A unit's own procedure from a template to the first matter that runs on it:
// a mistake is shown at its line, the draft is drawn and tried, returned once,
// approved, published; then it stands among the kinds that can be registered.
//
//   node e2e/spine/procedure.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
import assert from 'node:assert/strict'
import { DESK, PHONE, begin, say, until } from '../browser.mjs'

const walk = await begin()
const tab = (page, name) => page.getByRole('tab', { name })

try {
  const tang = await walk.be('tang', DESK)
  await walk.go(tang, '/definitions')
  await tang.getByRole('link', { name: '拟订流程' }).click()
  await tang.getByRole('button', { name: '问询' }).click()
  const text = tang.locator('#write-text')
  await text.waitFor()
  const whole = (await text.inputValue()).replaceAll('问询', '短询').replace('local.inquiry', 'local.shortquery')

  // A mistake is shown where it stands, and the way to it is one click.
  await text.fill(whole.replace('back: ask, at_most: 2', 'back: nowhere, at_most: 2'))
  await tab(tang, '问题').click()
  const wrong = tang.getByRole('button', { name: /^第 \d+ 行$/ }).first()
  await wrong.click()
  assert.match(await tang.evaluate(() => { const e = document.querySelector('#write-text'); return e.value.slice(e.selectionStart, e.selectionEnd) }), /nowhere/)
  await walk.look(tang, '1-mistake')
  await text.fill(whole)
  await tang.getByText('校验通过，没有问题').first().waitFor()
  await tab(tang, '图').click()
  await tang.locator('svg').first().waitFor()
  await walk.look(tang, '2-drawn')

  // It is tried in memory, to its end.
  await tab(tang, '试办').click()
  const trial = tang.getByRole('tabpanel')
  await trial.locator('input').first().fill('路灯何时修好')
  await trial.locator('textarea').first().fill('请告知修复时间。')
  await trial.getByRole('button', { name: '开始试办' }).click()
  await trial.getByRole('button', { name: '发出', exact: true }).click()
  await trial.getByRole('button', { name: /牵头/ }).last().click()
  await trial.locator('.el-select input').first().click()
  await tang.keyboard.type('市城管局')
  await tang.locator('.el-select-dropdown__item:visible').first().click()
  await trial.locator('input.n').first().fill('3')
  await walk.look(tang, '3-trial')
  await trial.locator('form button[type=submit]').click()
  await trial.getByRole('button', { name: /审核通过/ }).click()
  await trial.getByRole('button', { name: '阅知办结' }).click()
  await trial.locator('form button[type=submit]').click()
  await trial.getByText('试办走完').waitFor()
  await walk.look(tang, '4-tried')

  // Submitted, returned by phone, mended, approved by phone, published.
  await tab(tang, '提交').click()
  await tang.fill('#write-purpose', '部门间常有一两句话的问询，不必走督办。')
  await walk.look(tang, '5-submit')
  await tang.getByRole('button', { name: '提交审核' }).click()
  await tang.waitForURL(/\/matters\/\d+$/)
  const id = Number(tang.url().split('/').pop())
  const lin = await walk.be('lin', PHONE)
  await walk.act(lin, id, '退回修改', say('答复后的阅知改为三个工作日。'), '6-return')
  await walk.go(tang, `/definitions/write?matter=${id}`)
  await text.waitFor()
  await text.fill((await text.inputValue()).replace('limit: 2wd@close', 'limit: 3wd@close'))
  await tab(tang, '提交').click()
  await tang.getByRole('button', { name: '提交审核' }).click()
  await tang.waitForURL(/\/matters\/\d+$/)
  await walk.act(lin, id, '审核通过')
  const zhou = await walk.be('zhou', PHONE)
  await walk.go(zhou, `/definitions/write?matter=${id}`)
  await zhou.locator('#write-text').waitFor()
  assert.ok(await zhou.locator('#write-text').evaluate((e) => e.readOnly), 'whoever approves reads')
  await walk.look(zhou, '7-read')
  await walk.act(zhou, id, '同意', null, '8-approve')
  await walk.act(lin, id, '发布施行')
  await until(async () => (await walk.read(tang, '/api/definitions')).some((d) => d.kind === 'local.shortquery'), 'the procedure is in force')

  // And the first matter runs on it.
  await walk.go(tang, '/register/local.shortquery')
  await tang.locator('main form input').first().fill('路灯何时修好')
  await tang.locator('main form textarea').first().fill('请告知修复时间。')
  await tang.locator('main form button[type=submit]').click()
  await tang.getByRole('link', { name: /事项/ }).and(tang.locator('main a.btn.primary')).click()
  await tang.waitForURL(/\/matters\/\d+$/)
  await tang.getByText('发出短询').first().waitFor()
  await walk.look(tang, '9-first')
  console.log(`a procedure: written, checked, tried, returned, approved, published, used; ${walk.proofs} receipts verified offline`)
} finally {
  await walk.end()
}
