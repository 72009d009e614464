// What every walk needs: a browser, people signed in at a desk or on a phone,
// looking, choosing from a list, acting on a matter, and proving a receipt with
// the program itself, offline.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const web = createRequire(new URL('../web/package.json', import.meta.url))
const { chromium } = web('playwright-core')
const axe = readFileSync(web.resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
export const program = fileURLToPath(new URL('../bin/touyan', import.meta.url))

export const DESK = { width: 1280, height: 860 }
export const PHONE = { width: 390, height: 844 }

/** Starts a walk: node WALK.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]. */
export async function begin(arg = process.argv.slice(2)) {
  const [base, password, pictures] = arg
  if (!base || !password) {
    console.error('usage: node WALK.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]')
    process.exit(2)
  }
  if (pictures) mkdirSync(pictures, { recursive: true })
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-background-networking'] })
  return new Walk(browser, base, password, pictures, mkdtempSync(join(tmpdir(), 'touyan-receipts-')))
}

class Walk {
  proofs = 0
  looked = 0

  constructor(browser, base, password, pictures, dir) {
    Object.assign(this, { browser, base, password, pictures, dir })
  }

  /** A page of somebody who has not signed in. */
  async guest(viewport) {
    const context = await this.browser.newContext({ viewport, locale: 'zh-CN', hasTouch: viewport === PHONE, acceptDownloads: true })
    const page = await context.newPage()
    page.setDefaultTimeout(30000)
    page.on('pageerror', (e) => assert.fail(`script error: ${e}`))
    return page
  }

  /** A page of somebody who signs in by the form. */
  async be(login, viewport, password = this.password) {
    const page = await this.guest(viewport)
    await page.goto(this.base + '/login')
    await page.fill('#login', login)
    await page.fill('#password', password)
    await page.click('form button[type=submit]')
    await page.waitForURL((u) => u.pathname !== '/login')
    return page
  }

  go(page, path) {
    return page.goto(this.base + path)
  }

  /** Nothing may be wider than the window, nor longer at a desk, nor offend axe; takes a picture if pictures are wanted. */
  async look(page, name, whole = true) {
    if (this.pictures) await page.screenshot({ path: `${this.pictures}/${name}.png`, fullPage: whole })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wide <= 0, `${name}: the page is ${wide} px too wide`)
    const tall = await page.evaluate(() => (document.querySelector('.shell-main') && innerWidth > 820 ? document.documentElement.scrollHeight - innerHeight : 0))
    assert.ok(tall <= 0, `${name}: the page scrolls ${tall} px beyond its own panes`)
    await page.evaluate(axe)
    await page.evaluate(settled)
    await page.evaluate(() => window.scrollTo(0, 0)) // a bar that has half left the window is no small target
    const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }), TAGS)
    assert.deepEqual(found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}`)), [], name)
    this.looked++
  }

  read(page, path) {
    return page.evaluate(async (p) => (await fetch(p)).json(), path)
  }

  /** Downloads the receipt that a part of the page shows and verifies it offline. */
  async prove(page, part) {
    const saved = page.waitForEvent('download')
    await part.getByRole('button', { name: '下载凭证' }).click()
    const file = join(this.dir, `${this.proofs}.json`)
    await (await saved).saveAs(file)
    const { key } = await this.read(page, '/api/checkpoint')
    const said = execFileSync(program, ['verify', file, '--key', key], { encoding: 'utf8' }) // fails if it does not verify
    assert.match(said, /✓ 正文/, 'the receipt holds what was recorded')
    this.proofs++
  }

  /** Opens a matter, presses an act, fills in its form, sends it, proves its receipt. */
  async act(page, matter, name, fill, picture) {
    await this.go(page, `/matters/${matter}`)
    const panel = page.locator('section.acts')
    await panel.getByRole('button', { name, exact: true }).first().click()
    if (fill) await fill(panel)
    if (picture) await this.look(page, picture)
    await panel.locator('form button[type=submit]').click()
    const done = panel.locator('[role=status]').first()
    await done.waitFor()
    await done.getByRole('button', { name: '查看凭证' }).click()
    await this.prove(page, done)
  }

  end() {
    return this.browser.close()
  }
}

/** Chooses an entry of a list that filters while one types. */
export async function choose(page, field, text) {
  await field.click()
  await page.keyboard.type(text)
  await page.locator('.el-select-dropdown__item:visible').filter({ hasText: text }).first().click()
}

/** Asks again until it holds, for a minute at most. */
export async function until(holds, what) {
  for (const end = Date.now() + 60000; !(await holds()); ) {
    assert.ok(Date.now() < end, `waited in vain: ${what}`)
    await new Promise((r) => setTimeout(r, 200))
  }
}

export const say = (text) => (panel) => panel.locator('textarea').first().fill(text)

/** In the page: waits until what fades in or out has done so; a list that is closing is nobody's any more. */
async function settled() {
  const frame = () => new Promise((done) => requestAnimationFrame(done))
  await frame()
  await frame()
  const fading = document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity)
  await Promise.all(fading.map((a) => a.finished.catch(() => undefined)))
  await frame()
}
