// Builds a page that holds every chart (it is no part of the product), serves it
// under the program's own policy and looks: axe, width, targets, script errors,
// overlapping or cut words, the table twin by keyboard, the downloaded file.
//
//   node e2e/charts.mjs [DIRECTORY FOR PICTURES]
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { chromium } from 'playwright-core'
import { build } from 'vite'

const pictures = process.argv[2]
if (pictures) mkdirSync(pictures, { recursive: true })
const policy = readFileSync('../kernel/web/request.go', 'utf8').match(/const policy = ([\s\S]*?)\n\n/)[1].replace(/"\s*\+\s*"|^"|"$/g, '')
const out = mkdtempSync(join(tmpdir(), 'touyan-charts-'))
await build({
  configFile: false, root: 'e2e/charts', logLevel: 'error', plugins: [vue()],
  define: { __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  build: { outDir: out, emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 1000 },
})
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
const server = createServer((req, res) => {
  const path = new URL(req.url, 'http://x').pathname
  try {
    const body = readFileSync(join(out, path === '/' ? 'index.html' : path))
    res.writeHead(200, { 'content-type': types[extname(path)] ?? 'text/html', 'content-security-policy': policy }).end(body)
  } catch {
    res.writeHead(404).end()
  }
}).listen(0, '127.0.0.1')
await new Promise((ready) => server.once('listening', ready))
const base = `http://127.0.0.1:${server.address().port}/`
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const finds = []
let looked = 0

/** In the page: words of one drawing that cover each other or leave it. */
function clashes() {
  const out = []
  for (const svg of document.querySelectorAll('.canvas svg')) {
    const name = svg.closest('figure').id
    const outer = svg.getBoundingClientRect()
    const boxes = [...svg.querySelectorAll('text')].filter((e) => e.textContent.trim()).map((e) => ({ text: e.textContent, r: e.getBoundingClientRect() }))
    for (const [i, a] of boxes.entries()) {
      if (a.r.left < outer.left - 1 || a.r.right > outer.right + 1 || a.r.top < outer.top - 1 || a.r.bottom > outer.bottom + 1) out.push(`${name}: “${a.text}” is cut`)
      for (const b of boxes.slice(i + 1)) {
        const w = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left)
        const h = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top)
        if (w > 2 && h > 5) out.push(`${name}: “${a.text}” and “${b.text}” cover each other`)
      }
    }
  }
  return out
}

async function look(page, where, phone) {
  looked++
  await page.evaluate(axe)
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }), TAGS)
  for (const v of violations) for (const n of v.nodes) finds.push(`${where}: ${v.id} ${n.target.join(' ')}`)
  for (const c of await page.evaluate(clashes)) finds.push(`${where}: ${c}`)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  if (wide > 0) finds.push(`${where}: ${wide} px too wide`)
  const low = phone ? await page.evaluate(() => [...document.querySelectorAll('button')].filter((b) => b.getBoundingClientRect().height < 43.5).length) : 0
  if (low) finds.push(`${where}: ${low} targets lower than 44 px`)
}

for (const phone of [false, true]) {
  const context = await browser.newContext({ viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 860 }, isMobile: phone, hasTouch: phone, acceptDownloads: true })
  for (const theme of ['light', 'dark']) {
    for (const lang of ['zh', 'en']) {
      const where = [phone ? 'phone' : 'desk', theme, lang].join('-')
      const page = await context.newPage()
      page.on('pageerror', (e) => finds.push(`${where}: script error: ${e.message}`))
      page.on('console', (m) => ['error', 'warning'].includes(m.type()) && finds.push(`${where}: ${m.text().slice(0, 200)}`))
      await page.addInitScript(([t, l]) => (localStorage.setItem('touyan.theme', t), localStorage.setItem('touyan.lang', l)), [theme, lang])
      await page.goto(base)
      await page.waitForFunction(() => document.querySelectorAll('.canvas').length === 10 && [...document.querySelectorAll('.canvas')].every((c) => c.querySelector('svg text, svg path')))
      if (pictures) {
        await page.screenshot({ path: join(pictures, `${where}.png`), fullPage: true })
        for (const id of ['series', 'crowd', 'fan', 'rank', 'peers', 'growth', 'index', 'gap', 'effect', 'map']) await page.locator('#' + id).screenshot({ path: join(pictures, `${where}-${id}.png`) })
      }
      await look(page, where, phone)
      if (!phone && theme === 'light') await twin(page, where)
      for (const b of await page.locator('button[aria-pressed]').all()) await b.press('Enter') // the twins, by keyboard
      assert.equal(await page.locator('figure table').count(), 10, 'every chart has its table')
      await look(page, where + '-table', phone)
      await page.close()
    }
  }
  await context.close()
}

/** What hovers, what is downloaded, and that what is missing is nowhere 0. */
async function twin(page, where) {
  const canvas = page.locator('#series .canvas')
  const box = await canvas.boundingBox()
  await canvas.hover({ position: { x: box.width / 2, y: box.height / 2 } })
  await page.locator('#series .chart-tip').waitFor()
  if (pictures) await page.locator('#series').screenshot({ path: join(pictures, `${where}-tip.png`) })
  const saved = page.waitForEvent('download')
  await page.locator('#series button').last().click()
  const text = readFileSync(await (await saved).path(), 'utf8')
  assert.ok(text.startsWith('\ufeff'), 'the file begins with a byte order mark')
  const gap = text.split('\r\n').find((l) => l.startsWith('2005,')).split(',')
  assert.equal(gap[1], '', 'what is missing is an empty cell')
  assert.ok(!(await page.locator('#peers .canvas svg').textContent()).includes(await page.evaluate(() => (document.documentElement.lang === 'en' ? 'Nanping' : '南屏'))), 'who has not published is drawn nowhere')
  await page.mouse.move(0, 0)
  for (const dark of [true, false]) { // the drawing follows the switch
    const primary = await page.evaluate((d) => (document.documentElement.classList.toggle('dark', d), getComputedStyle(document.documentElement).getPropertyValue('--primary').trim()), dark)
    await page.locator(`#series .canvas svg path[stroke="${primary}"]`).first().waitFor({ state: 'attached' })
  }
}

await browser.close()
server.close()
rmSync(out, { recursive: true })
for (const f of [...new Set(finds)]) console.log(f)
console.log(`charts: ${looked} pages looked at, ${finds.length} finds`)
process.exit(finds.length ? 1 : 0)
