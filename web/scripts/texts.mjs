// Every text exists in Chinese and in English, both name the same fill-ins, and
// no key that the screens build at run time is missing.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'vite'

const server = await createServer({ server: { middlewareMode: true, hmr: false, ws: false }, appType: 'custom', logLevel: 'error' })
const wrong = []
const known = new Set()
const groups = { frame: 'frame', work: 'work', screens: 'screens', security: 'security', insight: 'insight', chart: 'chart', observatory: 'observatory', judgement: 'judgement', portal: 'portal' }
for (const [file, name] of Object.entries(groups)) {
  const texts = (await server.ssrLoadModule(`/texts/${file}.ts`))[name]
  for (const [key, text] of Object.entries(texts)) {
    if (name !== 'portal' && known.has(key)) wrong.push(`${key}: twice`)
    if (name !== 'portal') known.add(key)
    if (text.length !== 2 || !text[0]?.trim() || !text[1]?.trim()) wrong.push(`${key}: one language is empty`)
    else {
      const [zh, en] = text
      if (/[\u4e00-\u9fff]/.test(en)) wrong.push(`${key}: the English text holds Chinese`)
      if (!/[\u3000-\u303f\u4e00-\u9fff{]/.test(zh)) wrong.push(`${key}: the Chinese text holds no Chinese`)
      const fills = (s) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join()
      if (fills(zh) !== fills(en)) wrong.push(`${key}: the languages name different fill-ins`)
    }
  }
}
await server.close()

// Texts must not stand in the screens themselves: a Chinese literal in a template
// or script would not follow the switch. Problems made by the screens carry both
// languages beside each other and are allowed.
const walk = (at) => readdirSync(at, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(join(at, e.name)) : [join(at, e.name)]))
const used = new Set()
for (const path of ['console', 'portal', 'kit'].flatMap(walk)) {
  if (!/\.(vue|ts)$/.test(path)) continue
  const source = readFileSync(path, 'utf8')
  for (const m of source.matchAll(/\bt\(\s*'([\w.]+)'/g)) used.add(m[1])
  for (const m of source.matchAll(/'([a-z]\w*(?:\.\w+)+)'/g)) used.add(m[1])
  for (const m of source.matchAll(/`([a-z]\w*(?:\.\w+)*\.)\$\{/g)) for (const k of known) if (k.startsWith(m[1])) used.add(k)
  source.split('\n').forEach((line, i, lines) => {
    const code = line.replace(/\/\/.*$|<!--.*?-->|\/\*.*?\*\//g, '')
    if (!/[\u4e00-\u9fff]/.test(code) || /\ben:|'x-en'|lang\.value === 'zh'|'中文'|WEEK_ZH|lang === 'zh'|join\('、'\)/.test(code)) return
    if (/\bzh\b/.test(code) && /^\s*(const )?en\b/.test(lines[i + 1] ?? '')) return
    wrong.push(`${path}:${i + 1}: text outside texts/`)
  })
}
for (const k of known) if (!used.has(k) && !k.startsWith('choice.')) wrong.push(`${k}: no screen uses it`)

if (wrong.length) {
  console.error(wrong.join('\n'))
  console.error(`texts: ${wrong.length} wrong`)
  process.exit(1)
}
console.log(`texts: ${known.size} in two languages`)
