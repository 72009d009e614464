// The weight of what a browser fetches before the first screen, gzipped: the
// entry, everything it imports at once, and for the console also its home.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const manifest = JSON.parse(readFileSync('dist/manifest.json', 'utf8'))
const budgets = [
  { name: 'portal', entries: ['portal/index.html'], js: 80 },
  { name: 'console', entries: ['index.html'], js: 260 },
]
const weigh = (file) => gzipSync(readFileSync('dist/' + file), { level: 9 }).length

let over = false
for (const b of budgets) {
  const js = new Set()
  const css = new Set()
  const walk = (key) => {
    const chunk = manifest[key]
    if (!chunk) throw new Error(`size: ${key} is not in the manifest`)
    if (js.has(chunk.file)) return
    js.add(chunk.file)
    for (const c of chunk.css ?? []) css.add(c)
    for (const i of chunk.imports ?? []) walk(i)
  }
  b.entries.forEach(walk)
  const sum = (files) => [...files].reduce((n, f) => n + weigh(f), 0) / 1000
  const kb = sum(js)
  console.log(`${b.name}: ${kb.toFixed(1)} kB gz of JavaScript at first (budget ${b.js}), ${sum(css).toFixed(1)} kB gz of CSS`)
  if (kb > b.js) over = true
}
if (over) {
  console.error('size: over budget')
  process.exit(1)
}
