// Walks steps 4 and 6 of the story by hand: people fill in the real forms on the
// screens they would use, Tang and Lin at a desk, Zhou and the bureau on phones.
//
//   node e2e/story/hands.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
//
// The server must run a fresh demo. Exits 1 at the first thing that is not as
// the story says.
import assert from 'node:assert/strict'
import { DESK, PHONE, begin, choose, say } from '../browser.mjs'
import { bureau } from '../bureau.mjs'

const walk = await begin()
const { base } = walk
const look = (page, name) => walk.look(page, name)

try {
  // Tang enters the instruction at her desk.
  const tang = await walk.be('tang', DESK)
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

  // The bureau works by phone; the office returns its report once.
  const kids = (await walk.read(lin, `/api/matters/${id}`)).children_rows
  assert.equal(kids.length, 4)
  const lead = kids.find((k) => k.number.endsWith('-1')).id
  const n = { 'shen-today': '08', sign: '09', split: '10', direct: '11', allot: '12', report: '13', signoff: '14', return: '15', accept: '16' }
  await bureau(walk, lin, lead, '三项合并申请已在高新区上线，材料由9份减为2份。', (name) => `${n[name]}-${name}`)

  // The story sees what people did, and goes on from there.
  await lin.goto(base + '/story')
  await look(lin, '17-story')
  const built = async () => Object.fromEntries((await walk.read(lin, '/api/demo')).steps.filter((s) => s.built).map((s) => [s.n, s.state]))
  assert.deepEqual(await built(), { 4: 'done', 6: 'next', 11: 'waiting', 12: 'waiting' })
  for (const step of [6, 11, 12]) {
    const done = lin.waitForResponse((r) => r.url().endsWith('/api/demo/next') && r.status() === 200)
    await lin.locator('main').getByRole('button', { name: '下一件事' }).click()
    await done
    assert.equal((await built())[step], 'done', `step ${step}`)
  }
  await lin.goto(`${base}/tree/${id}`)
  await look(lin, '18-tree')
  console.log('the story by hand: entered, approved, signed for, split, reported, returned, accepted and closed; ' + `${walk.proofs} receipts verified offline`)
} finally {
  await walk.end()
}
