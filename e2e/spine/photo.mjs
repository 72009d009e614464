// A report with a photo, on a phone with one hand: a clerk takes a photo, adds a
// document, sees both go, reports, and the office looks at them without loading
// the originals. A marked document is refused, and an instruction takes its scan.
//
//   node e2e/spine/photo.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
import assert from 'node:assert/strict'
import { DESK, PHONE, begin, choose, say } from '../browser.mjs'

const walk = await begin()
const lin = await walk.be('lin', DESK)

// A matter is taken to where 吴桐 has to report.
async function post(page, path, body) {
  const got = await page.evaluate(async ([path, body]) => {
    const { csrf } = await (await fetch('/api/me')).json()
    const r = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf, 'Idempotency-Key': String(Math.random()) }, body: JSON.stringify(body) })
    return { status: r.status, body: await r.json() }
  }, [path, body])
  assert.ok(got.status < 300, `${path}: ${JSON.stringify(got)}`)
  return got.body
}
const act = (page, id, step, act, input = {}) => post(page, `/api/matters/${id}/acts`, { step, act, input })
const units = await walk.read(lin, '/api/units')
const people = await walk.read(lin, '/api/people')
const unit = (name) => String(units.find((u) => u.name.zh.endsWith(name)).id)
const person = (name) => people.find((p) => p.name === name).id
const tang = await walk.be('tang', PHONE)
const zhou = await walk.be('zhou', PHONE)
const [shen, he, song] = [await walk.be('shen', PHONE), await walk.be('he', PHONE), await walk.be('song', PHONE)]
const entered = await post(tang, '/api/docket/instructions', { leader: person('周望山'), verbatim: '请核实现场并附照片。', medium: 'paper', title: '核实大厅排队情况并附照片' })
const given = [{ unit: unit('市人社局'), role: 'lead', limit: '10wd', task: '核实现场' }]
await act(lin, entered.matter, 'propose', 'submit', { opinion: '建议人社局办理', units: given })
await act(zhou, entered.matter, 'approve', 'approve')
const part = (await act(lin, entered.matter, 'assign', 'assign', { mode: 'transfer', units: given })).matter_now.children_rows[0].id
await act(shen, part, 'sign', 'sign')
await act(shen, part, 'split', 'split', { head: String(person('何清源')) })
await act(he, part, 'direct', 'direct', { section: unit('社会保险关系科') })
await act(song, part, 'allot', 'allot', { clerk: String(person('吴桐')) })

// A photo of 3,000 × 2,000 points, as a camera gives it.
const wu = await walk.be('wu', PHONE)
const photo = Buffer.from(await wu.evaluate(async () => {
  const c = document.createElement('canvas')
  c.width = 3000
  c.height = 2000
  const d = c.getContext('2d')
  for (let i = 0; i < 4000; i++) {
    d.fillStyle = `hsl(${(i * 37) % 360} 60% 50%)`
    d.fillRect((i * 131) % 3000, (i * 197) % 2000, 90, 90)
  }
  const blob = await new Promise((ok) => c.toBlob(ok, 'image/jpeg', 0.95))
  return [...new Uint8Array(await blob.arrayBuffer())]
}))
await walk.go(wu, `/matters/${part}`)
await wu.getByRole('button', { name: '报送办理情况' }).first().click()
const form = wu.locator('.acts form')
await say('现场已经整改，照片附后。')(form)
const [camera, files] = [form.locator('input[type=file][capture]'), form.locator('input[type=file][multiple]')]
await camera.setInputFiles({ name: '现场.jpg', mimeType: 'image/jpeg', buffer: photo })
await form.getByText('✓').first().waitFor()
await files.setInputFiles([
  { name: '整改说明.txt', mimeType: 'text/plain', buffer: Buffer.from('整改说明\n路面已修复。\n') },
  { name: '附件.txt', mimeType: 'text/plain', buffer: Buffer.from('机密★1年\n不该在这里\n') },
])
await form.getByText('国家秘密标志').waitFor()
await form.locator('.files li').filter({ hasText: '整改说明' }).getByText('✓').waitFor()
await walk.look(wu, 'photo-form')
// Neither the refused file nor anything else unsent goes along in silence.
await wu.getByRole('button', { name: /^确认报送|报送办理情况/ }).last().click()
await form.getByText('还有文件没有传完').first().waitFor()
await form.getByRole('button', { name: '移除 附件.txt' }).click()
await wu.reload()
await wu.getByRole('button', { name: '报送办理情况' }).first().click()
assert.equal(await form.locator('.files li').count(), 2, 'the draft keeps what was sent, with its names')
await form.locator('.files li').filter({ hasText: '现场.jpg' }).waitFor()
await form.locator('.send button[type=submit]').click()
await wu.locator('.acts .note.success').waitFor()
await walk.look(wu, 'photo-done')

// The office looks.
await walk.go(lin, `/matters/${part}`)
const list = await walk.read(lin, `/api/attachments?subject=${part}`)
assert.deepEqual(list.items.map((f) => f.name).sort(), ['整改说明.txt', '现场.jpg'])
const stored = list.items.find((f) => f.preview === 'picture')
assert.ok(stored.size < photo.length, `the photo went as it was: ${stored.size}`)
await lin.getByRole('button', { name: '现场.jpg' }).click()
await lin.locator('.picture').waitFor()
assert.ok(await lin.locator('.picture').evaluate(async (i) => (await i.decode(), i.naturalWidth <= 1600 && i.naturalWidth > 100)))
await walk.look(lin, 'photo-preview', false)
await lin.getByRole('button', { name: '关闭' }).last().click()
await lin.locator('.picture').waitFor({ state: 'detached' })
await lin.getByRole('button', { name: '整改说明.txt' }).click()
await lin.getByText('路面已修复').waitFor()
await walk.look(lin, 'photo-text', false)
await lin.getByRole('button', { name: '关闭' }).last().click()
await walk.look(lin, 'photo-matter')
const got = await lin.evaluate(async (id) => {
  const r = await fetch(`/api/attachments/${id}/content`)
  return { type: r.headers.get('Content-Type'), as: r.headers.get('Content-Disposition'), policy: r.headers.get('Content-Security-Policy'), sniff: r.headers.get('X-Content-Type-Options'), size: (await r.blob()).size }
}, stored.id)
assert.equal(got.size, stored.size)
assert.match(got.as, /^attachment;/)
assert.match(got.policy, /^sandbox/)
assert.equal(got.sniff, 'nosniff')

// An instruction takes its scan.
await walk.go(tang, '/enter')
await choose(tang, tang.locator('.el-select input').first(), '周')
await tang.fill('#in-verbatim', '请抓紧办理并反馈。')
await tang.locator('#in-files input[multiple]').setInputFiles({ name: '来文.txt', mimeType: 'text/plain', buffer: Buffer.from('关于修复路面的来文') })
await tang.locator('#in-files').getByText('✓').waitFor()
await walk.look(tang, 'scan-form')
await tang.locator('form button[type=submit]').click()
await tang.getByText('来文.txt').waitFor()
await walk.look(tang, 'scan-check')
await tang.locator('.btn.primary.big').click()
await tang.locator('.note.success').waitFor()
console.log(`photo: ${walk.looked} pages looked at`)
await walk.browser.close()
