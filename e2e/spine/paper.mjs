// Papers: each kind is looked at, printed by the browser, issued and downloaded;
// its bytes are held against its receipt offline; pages are measured, those of
// the browser always and those of LibreOffice where it is here.
//
//   node e2e/spine/paper.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DESK, PHONE, begin } from '../browser.mjs'

const walk = await begin()
const program = process.env.TOUYAN ?? fileURLToPath(new URL('../../bin/touyan', import.meta.url))
const dir = walk.pictures ?? mkdtempSync(join(tmpdir(), 'touyan-papers-'))
const has = (tool) => spawnSync(tool, ['--version']).error === undefined
const measured = has('pdftotext')
const office = has('soffice')
if (!office) console.log('LibreOffice is not here: its pages are not measured')

/** Lines of a PDF's pages with their place in mm. */
function pages(file) {
  const text = execFileSync('pdftotext', ['-bbox', file, '-'], { encoding: 'utf8', maxBuffer: 64 << 20 })
  return text.split('<page ').slice(1).map((part) => {
    const [, wide, high] = part.match(/width="([\d.]+)" height="([\d.]+)"/)
    const lines = []
    for (const [, x0, y0, x1, y1, word] of part.matchAll(/<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)<\/word>/g)) {
      const mid = (Number(y0) + Number(y1)) / 2
      const last = lines.at(-1)
      if (last && Math.abs(last.mid - mid) < 6) Object.assign(last, { text: last.text + word, left: Math.min(last.left, x0), right: Math.max(last.right, x1) })
      else lines.push({ text: word, mid, left: Number(x0), right: Number(x1) })
    }
    const mm = 25.4 / 72
    return { wide: wide * mm, high: high * mm, lines: lines.map((l) => ({ ...l, mid: l.mid * mm, left: l.left * mm, right: l.right * mm })) }
  })
}

/** A page full of body text: 22 lines, the longest of 28 characters, within the margins. */
function grid(page, where) {
  const body = page.lines.filter((l) => !l.text.startsWith('—'))
  const chars = Math.max(...body.map((l) => [...l.text].length))
  const pitch = (body.at(-1).mid - body[0].mid) / (body.length - 1)
  const left = Math.min(...body.map((l) => l.left))
  const right = Math.max(...body.map((l) => l.right))
  console.log(`${where}: ${body.length} lines × ${chars} characters, pitch ${pitch.toFixed(2)} mm, left ${left.toFixed(1)}, right ${right.toFixed(1)} mm`)
  assert.equal(body.length, 22, `${where}: lines`)
  assert.equal(chars, 28, `${where}: characters`)
  assert.ok(Math.abs(left - 28) <= 1 && Math.abs(right - 184) <= 1, `${where}: margins`)
}

async function printed(page, name) {
  const file = join(dir, `${name}-chromium.pdf`)
  writeFileSync(file, await page.pdf({ preferCSSPageSize: true, printBackground: true }))
  return file
}

function converted(docx) {
  execFileSync('soffice', [`-env:UserInstallation=file://${join(dir, 'office')}`, '--headless', '--convert-to', 'pdf', '--outdir', dir, docx], { stdio: 'ignore' })
  return docx.replace(/\.docx$/, '.pdf')
}

/** Issues what the page shows, downloads it, proves it, and gives the file. */
async function issue(page, name) {
  await page.getByRole('button', { name: '印发', exact: true }).click()
  await page.getByRole('button', { name: '确认印发' }).click()
  await page.waitForURL(/\/papers\/\d+$/)
  const id = Number(page.url().split('/').pop())
  const saved = page.waitForEvent('download')
  await page.getByRole('link', { name: '下载 DOCX' }).click()
  const file = join(dir, `${name}.docx`)
  await (await saved).saveAs(file)
  const paper = await walk.read(page, `/api/papers/${id}`)
  assert.equal(createHash('sha256').update(readFileSync(file)).digest('hex'), paper.digest, `${name}: the file is the one issued`)
  // Offline: the receipt verifies, and with it the file; another file does not.
  const receipt = join(dir, `${name}.json`)
  writeFileSync(receipt, await page.evaluate(async (p) => (await fetch(p)).text(), `/api/receipts/${id}`))
  const { key } = await walk.read(page, '/api/checkpoint')
  assert.match(execFileSync(program, ['verify', receipt, '--key', key, '--file', file], { encoding: 'utf8' }), /✓ 文件/)
  const wrong = spawnSync(program, ['verify', receipt, '--key', key, '--file', receipt], { encoding: 'utf8' })
  assert.equal(wrong.status, 1, 'another file is refused')
  await page.setInputFiles('#hold', file)
  await page.getByText('一致：与印发时的文件逐字节相同').waitFor()
  await page.setInputFiles('#hold', receipt)
  await page.getByText('不一致').waitFor()
  await walk.look(page, `${name}-issued`)
  return { file, paper }
}

const long = '请有关单位切实提高认识明确责任分工细化工作举措按照时间节点扎实推进各项任务落地见效'
try {
  const lin = await walk.be('lin', DESK)
  const found = await walk.read(lin, '/api/matters?limit=100&status=open')
  const main = found.items.find((m) => m.number === '澄政督〔2026〕37号') ?? found.items.find((m) => m.children.total > 1)
  const closed = (await walk.read(lin, '/api/matters?limit=100&status=ended&kind=docket.followup')).items.find((m) => m.children.total > 0 && m.status === 'closed')
  for (const [matter, sort, words] of [
    [main.id, 'slip'], [main.id, 'notice', long.repeat(24)], [main.id, 'urge', long.repeat(24)], [main.id, 'process'], [main.id, 'circulate'], [main.id, 'record'], [closed.id, 'report', long.repeat(24)],
  ]) {
    await walk.go(lin, `/matters/${matter}/print?sort=${sort}${words ? '&words=' + encodeURIComponent(words.slice(0, 990)) : ''}`)
    await lin.locator('.a4').waitFor()
    await lin.waitForTimeout(300)
    await walk.look(lin, `${sort}-draft`)
    const { file } = await issue(lin, sort)
    const browser = measured ? pages(await printed(lin, sort)) : []
    const texts = measured && office ? pages(converted(file)) : []
    for (const [which, got] of [['Chromium', browser], ['LibreOffice', texts]]) {
      for (const p of got) assert.ok(Math.abs(p.wide - 210) < 1 && Math.abs(p.high - 297) < 1, `${sort}: A4`)
      if (words && got.length > 2) grid(got[1], `${sort}, page 2 of ${got.length}, ${which}`)
      else if (got.length) console.log(`${sort}: ${got.length} page(s), ${which}`)
    }
  }
  // The brief of the week before, and a phone's view of it.
  await walk.go(lin, '/briefs')
  await lin.locator('.a4').waitFor()
  await lin.waitForTimeout(300)
  await walk.look(lin, 'brief-draft')
  const brief = await issue(lin, 'brief')
  if (measured) console.log(`brief: ${pages(await printed(lin, 'brief')).length} page(s), Chromium`)
  if (measured && office) console.log(`brief: ${pages(converted(brief.file)).length} page(s), LibreOffice`)
  // The ledger of a filtered list.
  await walk.go(lin, '/matters?status=open')
  const saved = lin.waitForEvent('download')
  await lin.getByRole('button', { name: '导出 Excel' }).click()
  const ledger = await saved
  assert.match(ledger.suggestedFilename(), /\.xlsx$/)
  await ledger.saveAs(join(dir, 'ledger.xlsx'))
  // Phones: who may see a part may print its slip, and issues nothing.
  const phone = await walk.be('lin', PHONE)
  for (const [path, name] of [[`/matters/${main.id}/print?sort=urge`, 'urge'], ['/briefs', 'brief'], [`/papers/${brief.paper.id}`, 'paper']]) {
    await walk.go(phone, path)
    await phone.locator('.a4').waitFor()
    await walk.look(phone, `${name}-phone`)
  }
  const shen = await walk.be('shen', PHONE)
  const own = (await walk.read(shen, '/api/matters?limit=50&all=1')).items.find((m) => m.parent)
  await walk.go(shen, `/matters/${own.id}/print`)
  await shen.locator('.a4').waitFor()
  assert.equal(await shen.getByRole('button', { name: '印发', exact: true }).count(), 0, 'a unit issues none of the office’s papers')
  await walk.look(shen, 'part-phone')
  assert.equal(await shen.evaluate(async (p) => (await fetch(p)).status, `/api/papers/${brief.paper.id}`), 404, 'the brief is the office’s')
  console.log('papers: seven sorts, the brief and a ledger; issued, proved offline, measured; desk and phone')
} finally {
  await walk.end()
}
