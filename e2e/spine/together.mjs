// Two leaders have the same matter open. One is faster; the other sees, beside
// what he had typed, what has changed, and nothing he typed is lost.
//
//   node e2e/spine/together.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
import assert from 'node:assert/strict'
import { DESK, PHONE, begin, choose, say } from '../browser.mjs'

const walk = await begin()
const panel = (page) => page.locator('section.acts')

/** An instruction entered for Zhou becomes a follow-up. */
async function entered(tang, title) {
  await walk.go(tang, '/enter')
  await choose(tang, tang.locator('#in-leader'), '周望山')
  await tang.fill('#in-verbatim', '请抓紧核实，五日内报我。')
  await tang.fill('#in-title', title)
  await tang.locator('main form button[type=submit]').click()
  await tang.locator('main button.primary').first().click()
  const link = tang.getByRole('link', { name: /事项/ }).and(tang.locator('main a.btn.primary'))
  await link.waitFor()
  return Number((await link.getAttribute('href')).split('/').pop())
}

async function proposed(lin, id, words) {
  await walk.act(lin, id, '提出拟办意见', async (form) => {
    await say(words)(form)
    if (await form.locator('.list .item').count()) return // the units of the first proposal are not asked again
    await form.getByRole('button', { name: /牵头单位/ }).last().click()
    const row = form.locator('.list .item').first()
    await choose(lin, row.locator('.el-select input').first(), '市水务局')
    await row.locator('input.n').fill('5')
  })
}

/** Opens the form of an act and types. */
async function begun(page, id, act, words) {
  await walk.go(page, `/matters/${id}`)
  await panel(page).getByRole('button', { name: act, exact: true }).first().click()
  await say(words)(panel(page))
}

try {
  const tang = await walk.be('tang', DESK)
  const lin = await walk.be('lin', DESK)
  const zhou = await walk.be('zhou', PHONE)
  const qin = await walk.be('qin', DESK)
  const id = await entered(tang, '老旧小区供水管网渗漏核实')
  await proposed(lin, id, '建议由市水务局核实。')

  // Both have the form open; Zhou returns it, and Qin's screen says so beside what he typed.
  const words = '同意，请同步公布停水安排。'
  await begun(qin, id, '同意立项', words)
  await begun(zhou, id, '退回重拟', '请增加市住建局配合。')
  await panel(zhou).locator('form button[type=submit]').click()
  await panel(zhou).locator('[role=status]').first().waitFor()
  await panel(qin).locator('form .note.warning').getByText('退回重拟').waitFor()
  await walk.look(qin, '1-changed')
  await panel(qin).locator('form button[type=submit]').click()
  await panel(qin).locator('[role=alert]').getByText('拟办').first().waitFor()
  assert.equal(await panel(qin).locator('textarea').first().inputValue(), words, 'what was typed stays')
  await walk.look(qin, '2-refused')

  // It comes back changed while Qin's form still answers to the first proposal.
  await proposed(lin, id, '建议由市水务局核实，市住建局配合。')
  await panel(qin).locator('form .note.warning').getByText('提出拟办意见').waitFor()
  await panel(qin).locator('form button[type=submit]').click()
  await panel(qin).locator('[role=status]').getByText('已办理').first().waitFor()
  const log = (await walk.read(lin, `/api/matters/${id}`)).timeline.map((e) => e.act)
  assert.deepEqual(log.slice(-4), ['submit', 'refuse', 'submit', 'approve'])
  console.log('two at once: the slower one saw what changed, kept his words, and then acted on what stood there')
} finally {
  await walk.end()
}
