// Signing in elsewhere, with a real provider of OpenID Connect: its silence is said;
// an account that nobody here has is told why, and is bound by its owner's password;
// from then on the provider's page is enough. The one-time code is set up and asked
// for after the provider's word too. A session ended on another device, and a
// suspended account, are out within a second: measured in the browser.
//
//   node e2e/spine/signin.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
//
// Nothing may listen at BASE_URL: the walk founds an installation there, whose people
// get PASSWORD, and runs the provider at the port after it.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DESK, PHONE, begin, program, until } from '../browser.mjs'

const walk = await begin()
const { base, password } = walk
const at = (name) => join(walk.dir, name)
const issuer = `http://localhost:${Number(new URL(base).port) + 1}/`
const running = []

function touyan(...args) {
  return execFileSync(program, [...args, '--data', at('data')], { input: password, encoding: 'utf8' })
}

/** Starts a program and waits until it answers at an address. */
async function start(file, args, address) {
  const child = spawn(file, args, { stdio: 'ignore' })
  running.push(child)
  await until(() => fetch(address).then((r) => r.ok, () => false), `${file} answers`)
}

/** The one-time code of RFC 6238, some steps from now. */
function codeOf(secret, later = 0) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((c) => letters.indexOf(c).toString(2).padStart(5, '0')).join('')
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + later))
  const sum = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(step).digest()
  return String((sum.readUInt32BE(sum.at(-1) & 15) & 0x7fffffff) % 1e6).padStart(6, '0')
}

/** Both languages say it. */
async function told(page, zh, en) {
  await page.locator('main').getByText(zh).first().waitFor()
  await page.getByRole('button', { name: 'English', exact: true }).click()
  await page.locator('main').getByText(en).first().waitFor()
  await page.getByRole('button', { name: '中文', exact: true }).click()
  await page.locator('main').getByText(zh).first().waitFor()
}

/** To the provider's own page. */
async function leave(page, path = '/matters?late=1') {
  await walk.go(page, path)
  await page.getByRole('link', { name: '用统一身份认证登录' }).click()
}

/** Through the provider's own page; where that leads is the caller's to say. */
async function elsewhere(page, user, word = 'verysecure') {
  await page.waitForURL((u) => u.href.startsWith(issuer))
  await page.fill('#username', user)
  await page.fill('#password', word)
  await page.click('form button[type=submit]')
}
const inside = async (page, path = '/matters?late=1') => {
  await page.waitForURL(base + path)
  assert.equal((await walk.read(page, '/api/me')).person.login, 'shen')
}
const send = (page) => page.locator('main form button[type=submit]').click()

/** In the page: when a request was first refused, and when the page itself said that it is over. */
function watched() {
  const seen = {}
  const ask = async () => {
    const answer = await fetch('/api/account/sessions', { headers: { 'X-Quiet': '1' } })
    if (answer.status === 401) seen.refused = Date.now()
    else setTimeout(ask, 40)
  }
  const look = () => (seen.said ??= document.querySelector('.banners [role=alert]') ? Date.now() : undefined)
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true })
  void ask()
  window.outAt = () => seen
}

/** Ends what a page may do; gives the milliseconds until its requests were refused and until it said so. */
async function out(page, end) {
  await page.evaluate(watched)
  const ended = await end()
  const seen = () => page.evaluate(() => window.outAt())
  await until(async () => Object.keys(await seen()).length === 2, 'the page is out')
  const { refused, said } = await seen()
  const after = [refused - ended, said - ended]
  assert.ok(Math.max(...after) <= 1000, `out after ${after} ms`)
  return after
}

try {
  touyan('setup', '--login', 'admin', '--password-stdin', '--city', '澄川市')
  touyan('user', 'add', 'shen', '沈禾', '--password-stdin', '--unit', '市政府办公室', '--duty', 'secretary', '--as', 'admin')
  writeFileSync(at('secret'), 'a-secret-of-the-test')
  execFileSync('go', ['build', '-C', fileURLToPath(new URL('../oidc', import.meta.url)), '-o', at('provider'), '.'])
  await start(program, ['serve', '--data', at('data'), '--listen', new URL(base).host, '--oidc-issuer', issuer, '--oidc-client-id', 'touyan', '--oidc-secret-file', at('secret')], `${base}/api/health`)

  // The provider does not answer yet.
  const phone = await walk.guest(PHONE)
  await leave(phone)
  await phone.waitForURL(/oidc=down/)
  await told(phone, '统一身份认证暂时连不上', 'The identity provider cannot be reached')
  await walk.look(phone, '01-down')
  await start(at('provider'), ['-listen', new URL(issuer).host, '-redirect', `${base}/api/oidc/callback`], `${issuer}.well-known/openid-configuration`)

  // An account that nobody here has: it opens nothing, whatever is typed.
  const stranger = await walk.guest(DESK)
  await leave(stranger)
  await elsewhere(stranger, 'test-user2', 'wrong')
  await stranger.getByText('username or password').waitFor() // the provider's own words
  await elsewhere(stranger, 'test-user2')
  await stranger.waitForURL(/oidc=bind/)
  await told(stranger, '尚未与本系统的账号绑定', 'no account here is bound to that identity yet')
  await walk.look(stranger, '02-stranger')
  await stranger.fill('#login', 'shen')
  await stranger.fill('#password', 'wrong')
  await send(stranger)
  await told(stranger, '登录名或密码不正确', 'The login or the password is wrong')
  await walk.look(stranger, '03-wrong')
  assert.equal((await walk.read(stranger, '/api/me')).signed_in, false)

  // The provider refuses, and a return is used twice.
  await leave(stranger)
  await stranger.waitForURL((u) => u.href.startsWith(issuer))
  await walk.go(stranger, '/api/oidc/callback?error=access_denied')
  await told(stranger, '统一身份认证没有通过', 'did not vouch for you')
  await walk.go(stranger, '/api/oidc/callback?error=access_denied')
  await told(stranger, '已过期或已用过', 'has expired or was used already')

  // Shen's account is bound by her password, once; then the provider is enough.
  await leave(phone)
  await elsewhere(phone, 'test-user@localhost')
  await phone.waitForURL(/oidc=bind/)
  await walk.look(phone, '04-bind')
  await phone.fill('#login', 'shen')
  await phone.fill('#password', password)
  await send(phone)
  await inside(phone)
  await walk.go(phone, '/account')
  const back = phone.waitForEvent('load') // by way of the provider, whose session ends too
  await phone.getByRole('button', { name: '退出登录' }).click()
  await back
  assert.equal(phone.url(), `${base}/login`)
  assert.equal(await phone.locator('main .note.warning').count(), 0, 'whoever leaves is not told that the session has ended')
  await leave(phone)
  await elsewhere(phone, 'test-user@localhost')
  await inside(phone)

  // She sets up the one-time code; a recovery code and the next code are kept.
  const desk = await walk.be('shen', DESK)
  await walk.go(desk, '/account')
  await desk.getByRole('button', { name: '启用动态口令' }).click()
  const secret = (await desk.locator('.secret').textContent()).replaceAll(' ', '')
  await walk.look(desk, '05-code')
  await desk.fill('#code-confirm', codeOf(secret))
  await desk.getByRole('button', { name: '确认启用' }).click()
  await desk.locator('.codes li').nth(9).waitFor()
  const recovery = await desk.locator('.codes li').allTextContents()
  await desk.getByRole('button', { name: '已经保存好' }).click()
  await desk.getByText('恢复码还剩 10 个').waitFor()

  // Now the provider's word is not enough, nor the password.
  const second = await walk.guest(PHONE)
  await leave(second)
  await elsewhere(second, 'test-user@localhost')
  await second.waitForURL(/oidc=code/)
  await told(second, '请再输入本系统的动态口令', 'now enter your one-time code')
  await walk.look(second, '06-code')
  await second.fill('#code', '000000')
  await send(second)
  await told(second, '动态口令不正确', 'one-time code is wrong')
  await second.fill('#code', codeOf(secret, 1))
  await send(second)
  await inside(second)
  const third = await walk.guest(DESK)
  await walk.go(third, '/login')
  await third.fill('#login', 'shen')
  await third.fill('#password', password)
  await send(third)
  await third.fill('#code', recovery[0])
  await send(third)
  await inside(third, '/')

  // At her desk she ends the first phone's session, while the page is open there.
  await walk.go(phone, '/enter')
  await phone.fill('#in-title', '还没有写完的标题')
  await walk.go(third, '/account')
  const sessions = third.locator('.devices li')
  await until(async () => (await sessions.count()) === 4, 'her four sessions are listed')
  await walk.look(third, '07-devices')
  const devices = await walk.read(third, '/api/account/sessions')
  const oldest = devices.findIndex((d) => d.id === Math.min(...devices.map((o) => o.id)))
  const gone = await out(phone, async () => {
    await third.evaluate(() => addEventListener('click', () => (window.clicked = Date.now()), { capture: true, once: true }))
    await sessions.nth(oldest).getByRole('button').click()
    return third.evaluate(() => window.clicked)
  })
  assert.equal(await phone.inputValue('#in-title'), '还没有写完的标题', 'what was typed stays')
  await walk.look(phone, '08-ended')
  await third.locator('main .note.success').getByText('已退出').waitFor()

  // She signs in again in the same page, which finds what she typed and listens again.
  await phone.locator('.banners').getByRole('link', { name: '登录' }).click()
  await phone.getByText('登录已失效').waitFor()
  await phone.fill('#login', 'shen')
  await phone.fill('#password', password)
  await send(phone)
  await phone.fill('#code', recovery[1])
  await send(phone)
  await inside(phone, '/enter')
  assert.equal(await phone.inputValue('#in-title'), '还没有写完的标题', 'the draft is there again')

  // The account is suspended by another process: out everywhere, and told why.
  const suspended = await out(phone, async () => {
    touyan('user', 'suspend', 'shen', '--as', 'admin')
    return Date.now()
  })
  await walk.go(phone, '/login')
  await phone.getByRole('link', { name: '用统一身份认证登录' }).click()
  await elsewhere(phone, 'test-user@localhost')
  await phone.waitForURL(/oidc=suspended/)
  await told(phone, '该账号已停用', 'This account is suspended')
  await walk.look(phone, '09-suspended')
  const words = ([refused, said]) => `requests refused after ${refused} ms, said on the open page after ${said} ms`
  console.log(`signing in: provider down, unknown, refused, used twice, bound, one-time code, recovery code, suspended; a session ended on another device: ${words(gone)}; a suspension by another process: ${words(suspended)}; ${walk.looked} pages looked at`)
} finally {
  for (const child of running) {
    child.kill()
    await once(child, 'exit')
  }
  await walk.end()
}
