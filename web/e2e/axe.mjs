// Runs axe (WCAG 2.0–2.2 A and AA) over every route × light, dark × zh, en ×
// desk, phone, for each login; also reports refusals by the content security
// policy, script errors, and anything wider than a phone.
//
//   node e2e/axe.mjs http://127.0.0.1:8080 login:password [login:password …]
//
// The first login sees every route; further ones only what differs by person.
// CHROMIUM names the browser; AXE_ONLY=PATTERN limits the run to routes that match. Exits 1 on any find.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const [base, ...logins] = process.argv.slice(2)
if (!base || !logins.length) {
  console.error('usage: node e2e/axe.mjs BASE_URL login:password …')
  process.exit(2)
}
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const finds = new Map() // what → where
let looked = 0

function found(what, where) {
  if (!finds.has(what)) finds.set(what, [])
  finds.get(what).push(where)
}

async function json(page, path) {
  return page.evaluate(async (p) => {
    const r = await fetch(p)
    return r.ok ? r.json() : null
  }, path)
}

async function signIn(page, login, password) {
  await page.goto(base + '/login')
  await page.fill('#login', login)
  await page.fill('#password', password)
  await page.click('form button[type=submit]')
  await page.waitForURL((u) => u.pathname !== '/login', { timeout: 15000 })
}

/** Routes of this installation: ids are taken from what the lists show. */
async function routes(page, all) {
  const matters = (await json(page, '/api/matters?limit=50'))?.items ?? []
  const split = matters.find((m) => m.children?.total) ?? matters[0]
  const inbox = (await json(page, '/api/inbox?group=mine'))?.items ?? []
  const mine = inbox[0]?.matter ?? split?.id
  const kinds = (await json(page, '/api/definitions')) ?? []
  const imports = (await json(page, '/api/imports')) ?? []
  const out = ['/', '/enter', '/confirm', '/more', '/units']
  if (mine) out.push(`/matters/${mine}`)
  if (!all) return out
  out.push('/?group=unit', '/?group=watch', '/matters', '/matters?q=zzzz-none', '/board', '/register', '/imports', '/definitions', '/verify', '/story', '/account', '/feedback', '/no-such-page', '/matters/999999999')
  if (split) out.push(...['', '?tab=data', '?tab=parts', '?tab=source', '?tab=proof', '/print'].map((x) => `/matters/${split.id}${x}`), `/tree/${split.id}`)
  for (const k of kinds.slice(0, 2)) out.push(...['', '?tab=table', '?tab=source'].map((x) => `/definitions/${k.kind}${x}`))
  const found = split ? await json(page, `/api/matters/${split.id}/provenance`) : null
  const instruction = found?.nodes.find((n) => n.href?.startsWith('/instructions/'))
  if (instruction) out.push(instruction.href)
  if (imports[0]) out.push(`/imports/${imports[0].id}`)
  return out.concat(await watched(page), await judged(page))
}

/** The figures themselves: what is notable, releases, indicators, comparing. */
async function watched(page) {
  const facts = (await Promise.all(['stands', 'retracted'].map((state) => json(page, `/api/observatory/facts?state=${state}&limit=1`)))).flatMap((found) => found?.rows ?? [])
  const releases = (await json(page, '/api/observatory/releases?limit=200'))?.rows ?? []
  const shown = ['waiting', 'published'].flatMap((state) => releases.filter((r) => r.state === state && (state === 'waiting' || r.facts_retracted)).slice(0, 1))
  const out = ['/observatory', '/observatory?whose=all', '/observatory/releases', '/observatory/import', '/observatory/compare', '/observatory/compare?freq=1&sort=gdp', '/observatory/changes', '/observatory/changes/changed?freq=12&from=2026-03-27&to=2026-11-20', '/observatory/facts', '/observatory/facts?state=retracted']
  out.push('/observatory/indicators/va_industry?freq=12', '/observatory/indicators/gdp?freq=1')
  out.push(...facts.map((f) => `/observatory/facts/${f.id}`), ...facts.slice(0, 1).map((f) => `/register/docket.followup?fact=${f.id}`))
  const changed = releases.find((r) => r.facts_changed)
  if (changed) out.push(...['doubts', 'found', 'changed', 'revised'].map((list) => `/observatory/releases/${changed.id}/${list}`))
  return out.concat(shown.map((r) => `/observatory/releases/${r.id}`))
}

/** What is made of the figures: drafts, notes, evaluations, developments, reference, the wall. */
async function judged(page) {
  const notes = (await json(page, '/api/observatory/notes'))?.rows ?? []
  const evaluations = (await json(page, '/api/observatory/evaluations'))?.rows ?? []
  const out = ['/observatory/claims', '/observatory/notes', '/observatory/notes/new', '/observatory/evaluations', '/observatory/evaluations/new', '/observatory/abroad', '/wall']
  out.push(...['subject', 'indicator', 'peers'].map((s) => `/observatory/reference?sort=${s}`))
  if (notes[0]) out.push(`/observatory/notes/${notes[0].id}`, `/observatory/notes/${notes[0].id}/write`)
  return out.concat(evaluations.slice(0, 2).map((e) => `/observatory/evaluations/${e.id}`))
}

/** States that a route only reaches by an act: each opens one more thing to look at. */
const doors = [
  { on: (r) => r === '/', name: 'palette', open: (p) => p.keyboard.press('Control+k'), wait: '[role=dialog] input' },
  { on: (r) => /^\/matters\/\d+$/.test(r), name: 'act form', open: (p) => p.locator('.acts .buttons .btn').first().click({ timeout: 2000 }), wait: '.acts form' },
  { on: (r) => /^\/matters\/\d+$/.test(r), name: 'act form sent empty', open: (p) => p.locator('.acts form [type=submit]').click({ timeout: 2000 }), wait: '.acts', writes: true },
  { on: (r) => r === '/enter', name: 'enter sent empty', open: (p) => p.locator('main form [type=submit]').click({ timeout: 2000 }), wait: '[role=alert]' },
  ...[0, 1, 2].flatMap((i) => [
    { on: (r) => r === '/units', name: `form ${i + 1}`, open: (p) => p.locator('main button[aria-expanded]').nth(i).click({ timeout: 2000 }), wait: 'main form' },
    { on: (r) => r === '/units', name: `form ${i + 1} sent empty`, open: (p) => p.locator('main form [type=submit]').click({ timeout: 2000 }), wait: '[role=alert]' },
  ]),
  { on: (r) => /^\/imports\/\d+$/.test(r), name: 'receipt of the import', open: (p) => p.locator('main button[aria-expanded]').first().click({ timeout: 2000 }), wait: '.receipt' },
  { on: (r) => /^\/imports\/\d+$/.test(r), name: 'split proposal', open: (p) => p.locator('main button[aria-expanded]').first().click().then(() => p.locator('main h1').click()).then(() => p.keyboard.press('s')), wait: '#split-parts' },
  { on: (r) => /^\/imports\/\d+$/.test(r), name: 'edit proposal', open: (p) => p.getByRole('button', { name: /取消|Cancel/ }).first().click().then(() => p.locator('main h1').click()).then(() => p.keyboard.press('e')), wait: '#edit-title' },
  { on: (r) => /^\/observatory\/facts\/\d+$/.test(r), name: 'receipt', open: (p) => p.locator('main button[aria-expanded]').last().click({ timeout: 2000 }), wait: '.receipt' },
  { on: (r) => /^\/observatory\/releases\/\d+$/.test(r), name: 'decided without a reason', open: (p) => p.locator('.doubt form button').first().click({ timeout: 2000 }), wait: '.doubt [role=alert]' },
  { on: (r) => /^\/observatory\/releases\/\d+$/.test(r), name: 'dropped without a reason', open: (p) => p.locator('main button[aria-expanded]').last().click({ timeout: 2000 }).then(() => p.locator('main form .btn.danger').last().click({ timeout: 2000 })), wait: 'form [role=alert]' },
  { on: (r) => r === '/observatory/claims', name: 'sent empty', open: (p) => p.locator('main form [type=submit]').click({ timeout: 2000 }), wait: '[role=alert]' },
  { on: (r) => r === '/observatory/claims', name: 'checked', open: (p) => p.fill('#claims-text', '1—10月，全市规上工业增加值1862.4亿元，同比增速居全省第一位。').then(() => p.locator('main form [type=submit]').click()), wait: '.claim' },
  { on: (r) => r === '/observatory/claims', name: 'evidence', open: (p) => p.locator('.claim').last().click({ timeout: 2000 }), wait: '.evidence .cells li' },
  { on: (r) => r === '/observatory/notes/new', name: 'picker', open: (p) => p.locator('main button[aria-expanded]').first().click({ timeout: 2000 }), wait: '#fact-search' },
  { on: (r) => r === '/observatory/notes/new', name: 'sent empty', open: (p) => p.locator('main form [type=submit]').click({ timeout: 2000 }), wait: '[role=alert]' },
  { on: (r) => /^\/observatory\/notes\/\d+$/.test(r), name: 'checked', open: (p) => p.locator('main h1 ~ button').first().click({ timeout: 2000 }), wait: '.draft' },
  { on: (r) => /^\/observatory\/(notes|evaluations)\/\d+$/.test(r), name: 'receipt', open: (p) => p.locator('main button[aria-expanded]').last().click({ timeout: 2000 }), wait: '.receipt' },
  { on: (r) => r === '/observatory/evaluations/new', name: 'sent empty', open: (p) => p.locator('main form [type=submit]').click({ timeout: 2000 }), wait: '[role=alert]' },
  { on: (r) => r === '/observatory/abroad', name: 'form', open: (p) => p.locator('main button[aria-expanded]').first().click({ timeout: 2000 }), wait: '#ab-title' },
  { on: (r) => r.startsWith('/observatory/reference'), name: 'row', open: (p) => p.locator('main button[aria-expanded]').first().click({ timeout: 2000 }), wait: '#ref-code' },
  { on: (r) => r.startsWith('/observatory/reference'), name: 'table', open: (p) => p.locator('main button[aria-expanded]').nth(1).click({ timeout: 2000 }), wait: '#ref-table' },
]

/** True if the open act form has a required text that is still empty. */
function refuses() {
  return [...document.querySelectorAll('.acts form .field')].some((f) => {
    const input = f.querySelector(':scope > textarea, :scope > input')
    return input && !input.value && !f.querySelector(':scope > label > .dim')
  })
}

async function settle(page) {
  await page.waitForSelector('main', { timeout: 15000 })
  await page.waitForFunction(() => !document.querySelector('main p.dim[role=status]'), null, { timeout: 8000 }).catch(() => undefined)
  await page.waitForTimeout(120)
}

async function look(page, where, phone) {
  looked++
  await page.evaluate(axe)
  await page.evaluate(() => window.scrollTo(0, 0)) // what half hides behind the phone's bar can be scrolled out; its own size is measured below
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }), TAGS)
  for (const v of violations) for (const n of v.nodes) found(`${v.id} (${v.impact}): ${n.target.join(' ')} — ${n.failureSummary.split('\n').slice(1).join(' ').trim()}`, where)
  if (!phone) return
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  if (wide > 0) found(`wider than the phone by ${wide} px`, where)
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('button, select, input:not([type=radio]):not([type=checkbox]):not(.sr), .btn, .shell-bottom a, .shell-bar a')]
      .filter((e) => e.offsetParent && !e.closest('.el-select') && e.getBoundingClientRect().height > 0 && e.getBoundingClientRect().height < 43.5)
      .map((e) => `${e.tagName.toLowerCase()}.${e.className} ${Math.round(e.getBoundingClientRect().height)} px`),
  )
  for (const s of small) found(`target lower than 44 px: ${s}`, where)
}

for (const [i, pair] of logins.entries()) {
  const [login, password] = [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]
  for (const phone of [false, true]) {
    const size = phone ? { width: 390, height: 844 } : { width: 1280, height: 800 }
    const context = await browser.newContext({ viewport: size, isMobile: phone, hasTouch: phone, reducedMotion: 'reduce' })
    const page = await context.newPage()
    let where = ''
    page.on('pageerror', (e) => found(`script error: ${e.message}`, where))
    page.on('console', (m) => m.type() === 'error' && /Content Security Policy/.test(m.text()) && found(`policy: ${m.text().slice(0, 200)}`, where))
    const modes = ['light', 'dark'].flatMap((theme) => ['zh', 'en'].map((lang) => ({ theme, lang })))
    const dress = async ({ theme, lang }) => {
      await page.evaluate(([t, l]) => {
        localStorage.setItem('touyan.theme', t)
        localStorage.setItem('touyan.lang', l)
      }, [theme, lang])
    }
    await page.goto(base + '/login')
    if (i === 0) {
      for (const mode of modes) {
        for (const r of ['/login', '/portal/']) {
          where = `${r} guest ${mode.theme} ${mode.lang} ${phone ? 'phone' : 'desk'}`
          await dress(mode)
          await page.goto(base + r)
          await settle(page)
          await look(page, where, phone)
        }
      }
    }
    await signIn(page, login, password)
    const list = (await routes(page, i === 0)).filter((r) => !process.env.AXE_ONLY || new RegExp(process.env.AXE_ONLY).test(r))
    for (const mode of modes) {
      await dress(mode)
      for (const r of list) {
        where = `${r} ${login} ${mode.theme} ${mode.lang} ${phone ? 'phone' : 'desk'}`
        await page.goto(base + r)
        await settle(page)
        await look(page, where, phone)
        for (const d of doors.filter((x) => x.on(r))) {
          // A form whose required fields are filled in, or that has none, would be recorded.
          if (d.writes && !(await page.evaluate(refuses))) continue
          try {
            await d.open(page)
            await page.waitForSelector(d.wait, { timeout: 2000 })
          } catch {
            break // this person has no such door here
          }
          await page.waitForTimeout(350)
          where = `${r} + ${d.name} ${login} ${mode.theme} ${mode.lang} ${phone ? 'phone' : 'desk'}`
          await look(page, where, phone)
        }
      }
    }
    await context.close()
  }
}
await browser.close()

for (const [what, at] of finds) console.log(`${what}\n    ${at.length}×, first: ${at[0]}`)
console.log(`axe: ${looked} screens looked at, ${finds.size} kinds of find`)
process.exit(finds.size ? 1 : 0)
