// The screen on which proposals are confirmed, as a person works it.
import assert from 'node:assert/strict'

/** Brings a file in by the file field and gives the id of the import. */
export async function bring(page, walk, name, buffer) {
  await walk.go(page, '/imports')
  await page.locator('main input[type=file]').setInputFiles({ name, mimeType: 'application/octet-stream', buffer })
  await page.waitForURL(/\/imports\/\d+$/)
  await page.locator('.list .item').first().waitFor()
  return Number(new URL(page.url()).pathname.split('/').pop())
}

/** The open proposal's side of the screen. */
export const pane = (page) => page.locator('section.one')

/** Opens proposal n in the list. */
export async function open(page, n) {
  await page.locator(`#p-${n}`).click()
  await page.locator(`section.one[aria-label$=" ${n} 条"]`).waitFor()
}

/** Presses a button of the open proposal, and waits until its decision is recorded. */
export async function decide(page, name, n, said) {
  await pane(page).getByRole('button', { name }).first().click()
  await recorded(page, n, said)
}

export async function recorded(page, n, said) {
  await page.locator('section.one [role=status]').filter({ hasText: `第 ${n} 条：${said}` }).waitFor()
}

/** Downloads and verifies the receipt of the decision just recorded. */
export async function prove(page, walk) {
  const done = page.locator('section.one .note.success')
  await done.getByRole('button', { name: '查看凭证' }).click()
  await walk.prove(page, done)
  await done.getByRole('button', { name: '收起' }).click()
}

/** Dispatches what is confirmed and gives the matters. */
export async function dispatch(page, walk, id, picture) {
  await page.getByRole('button', { name: /^分办已确认的/ }).click()
  await walk.look(page, picture + '-sure')
  await page.getByRole('button', { name: '确认分办' }).click()
  await page.locator('#sent').waitFor()
  await walk.look(page, picture + '-sent')
  const all = (await walk.read(page, `/api/imports/${id}`)).proposals
  const matters = all.filter((p) => p.state === 'dispatched').map((p) => p.matter)
  assert.ok(matters.length)
  return matters
}
