// The console by keys and on paper: the inbox with j, k, e and Enter, the palette,
// filters in the address, the way back, and a matter printed on A4 with its code.
//
//   node e2e/spine/desk.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
import assert from 'node:assert/strict'
import { DESK, PHONE, begin } from '../browser.mjs'

const walk = await begin()
const chosen = (page) => page.locator('.left .item[aria-pressed=true] .name').textContent()
const path = (page) => new URL(page.url()).pathname + new URL(page.url()).search

async function keys(lin) {
  await lin.locator('.left .item').nth(2).waitFor()
  const names = await lin.locator('.left .item .name').allTextContents()
  await lin.locator('.right .acts').waitFor()
  assert.equal(await chosen(lin), names[0])
  await lin.keyboard.press('j')
  assert.equal(await chosen(lin), names[1], 'j goes down')
  await lin.keyboard.press('k')
  assert.equal(await chosen(lin), names[0], 'k goes up')
  await lin.locator('.right .acts .btn').first().waitFor()
  await lin.keyboard.press('e')
  await lin.locator('.right .acts form').waitFor()
  assert.equal(await lin.evaluate(() => !!document.activeElement?.closest('.acts form')), true, 'e opens the form and goes into it')
  // What is typed into a form is no command, and survives a look elsewhere.
  await lin.locator('.acts form textarea').first().fill('jk 已核实')
  assert.equal(await chosen(lin), names[0])
  await lin.reload()
  await lin.locator('.right .acts .btn').first().waitFor()
  await lin.locator('body').press('e')
  assert.equal(await lin.locator('.acts form textarea').first().inputValue(), 'jk 已核实')
  await lin.getByRole('button', { name: '取消' }).click()
  await lin.locator('main').press('Enter')
}

async function palette(lin) {
  await walk.go(lin, '/')
  await lin.locator('.left .item').first().waitFor()
  await lin.keyboard.press('Control+k')
  await lin.locator('[role=dialog] input').fill('37号')
  await lin.locator('[role=option]').filter({ hasText: '澄政督' }).first().waitFor()
  await walk.look(lin, 'palette', false)
  await lin.keyboard.press('Enter')
  await lin.waitForURL(/\/matters\/\d+$/)
  await lin.keyboard.press('Control+k')
  await lin.locator('[role=dialog] input').fill('看板')
  await lin.keyboard.press('Enter')
  await lin.waitForURL(/\/board$/)
  await lin.goBack()
  await lin.waitForURL(/\/matters\/\d+$/)
}

async function filters(lin) {
  await walk.go(lin, '/matters')
  await lin.locator('tbody tr').first().waitFor()
  await lin.locator('label', { hasText: '只看逾期' }).locator('input').check()
  await lin.waitForURL(/late=1/)
  await lin.locator('label', { hasText: '状态' }).locator('select').selectOption('open')
  await lin.waitForURL(/status=open/)
  const at = path(lin)
  const rows = await lin.locator('tbody tr').count()
  const other = await walk.be('lin', DESK)
  await other.goto(walk.base + at)
  await other.locator('tbody tr').first().waitFor()
  assert.equal(await other.locator('tbody tr').count(), rows, 'the address shows a colleague the same')
  const held = (await other.locator('thead th').allTextContents()).indexOf('现由') + 1
  const holders = await other.locator(`tbody td:nth-child(${held})`).allTextContents()
  assert.ok(holders.length && !holders.some((x) => x.trim() === '—'), 'every open matter says who holds it')
  const file = other.waitForEvent('download')
  await other.getByRole('button', { name: '导出' }).click()
  await file
  await lin.getByRole('button', { name: '清除筛选' }).click()
  await lin.waitForURL((u) => u.search === '')
}

async function paper(page, id, name) {
  await walk.go(page, `/matters/${id}/print?sort=record`)
  await page.locator('.a4 svg').waitFor()
  const modules = await page.locator('.a4 svg path').first().getAttribute('d')
  assert.ok(modules.length > 500, 'a code is drawn')
  await page.emulateMedia({ media: 'print' })
  for (const gone of ['.shell-bar', '.shell-nav', '.shell-bottom', '.shell-foot', '.demo-bar', '.noprint']) {
    assert.ok(!(await page.locator(gone).first().isVisible()), `${gone} is not printed`)
  }
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
  const box = /\/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)/.exec(pdf)
  assert.deepEqual([Math.round(box[1]), Math.round(box[2])], [595, 842], 'the paper is A4')
  await page.setViewportSize({ width: 794, height: 1123 }) // A4 at 96 dpi
  await walk.look(page, name)
  await page.emulateMedia({ media: 'screen' })
}

try {
  const lin = await walk.be('lin', DESK)
  await keys(lin)
  await palette(lin)
  await filters(lin)
  const id = (await walk.read(lin, '/api/matters?q=' + encodeURIComponent('37号'))).items.find((m) => m.number.endsWith('37号')).id
  await walk.go(lin, `/tree/${id}`)
  await lin.locator('.note').getByText('卡在').waitFor()
  await walk.look(lin, 'tree')
  await paper(lin, id, 'print-desk')
  const zhou = await walk.be('zhou', PHONE)
  await paper(zhou, id, 'print-phone')
  console.log('the console: keys, palette, filters in the address, the way back, A4 with its code')
} finally {
  await walk.end()
}
