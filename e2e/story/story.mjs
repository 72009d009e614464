// Walks the story's built steps in a real browser, on a desktop and a phone:
//
//   node e2e/story/story.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
//
// The server must run a fresh demo. Exits 1 at the first thing that is not as
// the story says.
import assert from 'node:assert/strict'
import { DESK, PHONE, begin, until } from '../browser.mjs'

const walk = await begin()
const { base } = walk
const look = (page, name) => walk.look(page, name, false)

const state = (page) => page.evaluate(async () => (await fetch('/api/demo')).json())
const built = (s) => Object.fromEntries(s.steps.filter((x) => x.built).map((x) => [x.n, x.state]))

try {
  const lin = await walk.be('lin', DESK)
  await lin.goto(base + '/story')
  await lin.getByText('澄川的一个星期一').first().waitFor()
  const before = await state(lin)
  assert.equal(before.steps.length, 12)
  assert.ok(before.steps.filter((s) => !s.built).every((s) => s.state === 'missing' && s.text.zh.includes('尚未建成')), 'a missing step must say so')
  await look(lin, '01-story')

  // Each built step is pressed once; the last press finds nothing more to do.
  for (const step of [1, 2, 4, 6, 11, 12]) {
    await lin.locator('main').getByRole('button', { name: '下一件事' }).click()
    await until(async () => built(await state(lin))[step] === 'done', `step ${step} is done`)
    await look(lin, `02-step-${step}`)
  }
  assert.deepEqual(built(await state(lin)), { 1: 'done', 2: 'done', 4: 'done', 6: 'done', 11: 'done', 12: 'done' })

  // The closed number, with its ring and a receipt that verifies.
  const id = await lin.evaluate(async () => (await (await fetch('/api/matters?q=' + encodeURIComponent('〔2026〕47号'))).json()).items.find((m) => m.number.endsWith('〕47号')).id)
  // What went with it: the clean copy and the tally, a notice, a letter and a report,
  // and the deputy who accepted the second report for her.
  const kids = (await walk.read(lin, `/api/matters/${id}`)).children_rows
  const papers = (await Promise.all([id, ...kids.map((k) => k.id)].map((m) => walk.read(lin, `/api/matters/${m}/papers`)))).flatMap((p) => p.issued)
  assert.deepEqual(papers.map((p) => p.sort).sort(), ['notice', 'report', 'urge'])
  const lead = kids.find((k) => k.number.endsWith('-1')).id
  const accepted = (await walk.read(lin, `/api/matters/${lead}`)).timeline.findLast((e) => e.act === 'accept')
  assert.deepEqual([accepted.actor.name, accepted.behalf?.name], ['唐奕', '林岑'])
  assert.deepEqual((await walk.read(lin, `/api/attachments?subject=${lead}`)).items.map((f) => f.name), ['首批回访汇总.csv'])
  await lin.goto(`${base}/papers/${papers.find((p) => p.sort === 'urge').id}`)
  await lin.locator('.a4').waitFor()
  await look(lin, '03-letter')
  await lin.goto(`${base}/matters/${id}`)
  await lin.getByText('已销号').first().waitFor()
  await look(lin, '04-closed')
  await lin.goto(`${base}/matters/${id}?tab=source`)
  await lin.getByText('批示').first().waitFor()
  await look(lin, '05-provenance')
  const verdict = await lin.evaluate(async (pos) => {
    const receipt = await (await fetch('/api/receipts/' + pos)).json()
    const send = (r) => fetch('/api/verify', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }, body: JSON.stringify({ receipt: r }) }).then((x) => x.json())
    const csrf = (await (await fetch('/api/me')).json()).csrf
    const good = await send(receipt)
    receipt.envelope = { ...receipt.envelope, actor: receipt.envelope.actor + 1 }
    return [good.ok, (await send(receipt)).ok]
  }, id)
  assert.deepEqual(verdict, [true, false], 'the receipt verifies, an altered one does not')

  // One byte altered in a copy is found, on a phone.
  const auditor = await walk.be('gu', PHONE)
  await auditor.goto(base + '/story')
  await auditor.getByRole('button', { name: '在副本里改动并检查' }).click()
  await auditor.locator('[role=status]').filter({ hasText: '被改动' }).waitFor({ timeout: 60000 })
  await look(auditor, '06-altered')

  // The leader sees his answered instruction on his phone; the citizen sees nothing of it.
  const zhou = await walk.be('zhou', PHONE)
  await zhou.goto(`${base}/matters/${id}`)
  await zhou.getByText('已销号').first().waitFor()
  await look(zhou, '07-leader')
  const citizen = await walk.be('chen', PHONE)
  assert.equal(await citizen.evaluate(async (m) => (await fetch('/api/matters/' + m)).status, id), 404)
  console.log('the story: steps 1, 2, 4, 6, 11 and 12 walked; the others are named as missing')
} finally {
  await walk.end()
}
