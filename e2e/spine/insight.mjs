// How the work really goes: the leaders' page on a phone, a procedure as it ran,
// the units' record by who looks, and a suggestion taken over into a form.
import assert from 'node:assert/strict'
import { DESK, PHONE, begin, until } from '../browser.mjs'

const walk = await begin()

// The leader, on his phone: six numbers, at most three exceptions, each a tap away.
const zhou = await walk.be('zhou', PHONE)
await until(async () => (await walk.read(zhou, '/api/lead')).numbers?.[1]?.value > 0, 'the record follows the log')
await walk.go(zhou, '/lead')
await zhou.locator('.six > div').nth(5).waitFor()
assert.equal(await zhou.locator('.six > div').count(), 6, 'six numbers')
const lead = await walk.read(zhou, '/api/lead')
assert.ok(lead.exceptions.length > 0 && lead.exceptions.length <= 3, 'one to three exceptions')
assert.ok(lead.numbers.every((n) => !n.share || n.few || n.value === Math.round((100 * n.n) / n.of)), 'a share is its counts')
await walk.look(zhou, 'lead-phone')
await zhou.getByRole('link', { name: lead.exceptions[0].title }).first().click()
await zhou.waitForURL((u) => u.pathname === `/matters/${lead.exceptions[0].matter}`)

// The office, at a desk: where follow-ups and the units' parts wait.
const lin = await walk.be('lin', DESK)
await walk.go(lin, '/lead')
await lin.locator('.six > div').nth(5).waitFor()
await walk.look(lin, 'lead-desk')
for (const kind of ['docket.followup', 'docket.unit']) {
  await walk.go(lin, `/process/${kind}`)
  await lin.locator('svg .note-t').first().waitFor()
  const ran = await walk.read(lin, `/api/process/${kind}`)
  assert.ok(ran.bottleneck && (await lin.getByText(ran.bottleneck.text.zh).count()), 'the bottleneck is named in words')
  const notes = await lin.locator('svg .note-t').count()
  assert.equal(notes, ran.lines.filter((l) => l.count).length, 'every line that was walked says how often')
  await walk.look(lin, `process-${kind}`)
}
// Whatever the kind, with branches side by side too: what enters a step visited it,
// and what left it had visited it and went on.
// (A step may be called start, as the drawing's first point is.)
const first = (def, s, ran) => def.diagram.zh.edges.reduce((n, e, i) => n + (e.from === s.step && e.to === s.step ? ran.lines[i].count : 0), 0)
let steps = 0
for (const { kind } of await walk.read(lin, '/api/definitions')) {
  const [ran, def] = [await walk.read(lin, `/api/process/${kind}`), await walk.read(lin, `/api/definitions/${kind}`)]
  for (const s of ran.steps) {
    const at = (end) => def.diagram.zh.edges.reduce((n, e, i) => n + (e[end] === s.step && e.from !== e.to ? ran.lines[i].count : 0), 0)
    assert.deepEqual([at('to') + first(def, s, ran), at('from')], [s.visits, s.visits - s.open - s.skipped], `${kind} ${s.step}: ways in and out`)
    steps++
  }
}
assert.ok(steps > 20, 'steps of many kinds were looked at')
await walk.go(zhou, '/process/docket.followup')
await zhou.locator('svg .note-t').first().waitFor()
await walk.look(zhou, 'process-phone')

// The record: the office sees all in the directory's order, a unit its own alone.
await walk.go(lin, '/record')
await lin.locator('tbody tr').first().waitFor()
const all = await walk.read(lin, '/api/record')
const order = (await walk.read(lin, '/api/units')).map((u) => u.id)
const places = all.units.map((u) => order.indexOf(u.unit))
assert.deepEqual(places, [...places].sort((a, b) => a - b), "the directory's order")
await walk.look(lin, 'record-desk')
const shen = await walk.be('shen', PHONE)
await walk.go(shen, '/record')
await shen.locator('tbody tr').first().waitFor()
const own = await walk.read(shen, '/api/record')
assert.equal(own.units.length, 1)
assert.equal(own.office, false)
await walk.look(shen, 'record-phone')
assert.equal((await shen.evaluate(async () => (await fetch('/api/process/docket.followup')).status)), 403, 'how the office works is not for a unit')

// A suggestion is taken over by one tap, and sent by nobody.
const tang = await walk.be('tang', DESK)
const opened = await tang.evaluate(async () => {
  const me = await (await fetch('/api/me')).json()
  const title = '农民工工资支付再检查'
  const body = { kind: 'docket.followup', title, given: { title, content: '请再检查一遍在建项目的欠薪情况。' } }
  const res = await fetch('/api/docket/matters', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf, 'Idempotency-Key': crypto.randomUUID() }, body: JSON.stringify(body) })
  return res.json()
})
await walk.go(lin, `/matters/${opened.matter}`)
await lin.getByRole('button', { name: '提出拟办意见' }).first().click()
const help = lin.getByRole('complementary', { name: '辅助建议' })
await help.waitFor()
assert.match(await help.innerText(), /往事上检验，\d+% 正确|太少，不给准确率/, 'the help says how well it does')
assert.match(await help.innerText(), /春节前农民工工资支付情况检查/, 'the nearest earlier matter is shown')
await help.getByRole('button', { name: '填入表单', exact: true }).click()
await help.getByText('已填入').waitFor()
await walk.look(lin, 'help-desk')
assert.equal((await walk.read(lin, `/api/matters/${opened.matter}`)).stage, 'propose', 'nothing was sent')
await walk.go(lin, '/account')
await lin.getByLabel('给我显示辅助建议').uncheck()
await until(async () => !(await walk.read(lin, `/api/matters/${opened.matter}/help`)).on, 'the switch turns it off')
await lin.getByLabel('给我显示辅助建议').check()
console.log(`insight: ${walk.looked} pages looked at`)
await walk.end()
