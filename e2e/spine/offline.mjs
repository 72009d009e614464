// The network goes while Lin types on her phone. Sending says so; the page
// opens again without a network and shows what was typed; with the network back
// she goes on where she was, and it is sent once.
//
//   node e2e/spine/offline.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
import assert from 'node:assert/strict'
import { PHONE, begin } from '../browser.mjs'

const walk = await begin()
try {
  const lin = await walk.be('lin', PHONE)
  await walk.go(lin, '/')
  const task = (await walk.read(lin, '/api/inbox?group=mine')).items.find((x) => x.acts.some((a) => a.act === 'present'))
  assert.ok(task, 'Lin has something to present')
  await walk.go(lin, `/matters/${task.matter}`)
  await lin.evaluate(() => navigator.serviceWorker.ready.then(() => true))
  await lin.reload() // now by way of the kept pages
  const panel = lin.locator('section.acts')
  await panel.getByRole('button', { name: '呈报批示领导', exact: true }).first().click()
  const words = '已核实办结，各单位反馈一致。'
  await panel.locator('textarea').first().fill(words)

  await lin.context().setOffline(true)
  await panel.locator('form button[type=submit]').click()
  await panel.locator('[role=alert]').getByText('连不上服务器').waitFor()
  assert.equal(await panel.locator('textarea').first().inputValue(), words)
  await lin.reload()
  const kept = lin.getByRole('region', { name: '未送出的内容' })
  await kept.getByText(words).waitFor()
  await walk.look(lin, '1-offline')

  await lin.context().setOffline(false)
  await panel.getByRole('button', { name: '呈报批示领导', exact: true }).first().click()
  assert.equal(await panel.locator('textarea').first().inputValue(), words, 'what was typed is there again')
  await panel.locator('form button[type=submit]').click()
  await panel.locator('[role=status]').getByText('已办理').first().waitFor()
  const sent = (await walk.read(lin, `/api/matters/${task.matter}`)).timeline.filter((e) => e.act === 'present')
  assert.equal(sent.length, 1)
  await walk.go(lin, '/more')
  await lin.locator('h1').waitFor()
  assert.equal(await kept.count(), 0, 'nothing is left over')
  console.log('offline: kept, shown, sent once')
} finally {
  await walk.end()
}
