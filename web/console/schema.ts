// Reading the JSON Schema of an act's form: order, titles, widgets, choices,
// and the checks worth making before the server makes them all.
import { lang } from '../kit/lang'
import type { Schema } from './api'
import { tidyText } from './draft'
import { has, t, type Key } from './t'

export type Widget = 'text' | 'area' | 'date' | 'unit' | 'unitset' | 'units' | 'list' | 'readers' | 'person' | 'choice' | 'choices' | 'limit' | 'number' | 'bool' | 'password' | 'files' | 'procedure'

interface Option {
  value: unknown
  zh?: string
  en?: string
}

// Without an order of its own a form asks who first, then how, then in words;
// what must be filled in comes before what may be.
const RANK: Widget[] = ['unit', 'unitset', 'person', 'choice', 'choices', 'limit', 'date', 'number', 'bool', 'text', 'password', 'list', 'readers', 'units', 'area', 'procedure', 'files']

function weight(s: Schema, name: string): number {
  return (s.required?.includes(name) ? 0 : RANK.length) + RANK.indexOf(widgetOf(s.properties![name]!))
}

export function orderOf(s: Schema): string[] {
  const names = Object.keys(s.properties ?? {})
  const order = s['x-order'] ?? [...names].sort((a, b) => weight(s, a) - weight(s, b))
  return [...order.filter((n) => names.includes(n)), ...names.filter((n) => !order.includes(n))]
}

export function titleOf(s: Schema, name: string): string {
  return (lang.value === 'zh' ? s['x-zh'] || s['x-en'] : s['x-en'] || s['x-zh']) || name
}

export function widgetOf(s: Schema): Widget {
  const w = s['x-widget']
  if (w === 'units' && s.items && !s.items.properties) return 'unitset'
  if (w) return w as Widget
  if (s.enum || s.oneOf) return 'choice'
  if (s.type === 'array') return s.items?.properties ? 'list' : 'unitset'
  if (s.type === 'boolean') return 'bool'
  if (s.type === 'integer' || s.type === 'number') return 'number'
  if (s.format === 'date') return 'date'
  return (s.maxLength ?? 0) > 400 ? 'area' : 'text'
}

export function optionsOf(s: Schema): Option[] {
  if (s['x-widget'] === 'choices' && s.items) return optionsOf(s.items)
  if (s['x-choices']) return s['x-choices']
  if (s.oneOf) return s.oneOf.map((o) => ({ value: o.const, zh: o['x-zh'], en: o['x-en'] }))
  const labels = s['x-labels']
  return (s.enum ?? []).map((value) => ({ value, ...labels?.[String(value)] }))
}

export function labelOf(o: Option): string {
  const own = lang.value === 'zh' ? o.zh : o.en
  if (own) return own
  const key = `choice.${String(o.value)}`
  return has(key) ? t(key as Key) : String(o.value)
}

/** A new item of a list, with defaults filled in. */
export function blank(s: Schema): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, p] of Object.entries(s.properties ?? {})) if (p.default !== undefined) out[name] = p.default
  return out
}

/** The input without empty fields, stray spaces and full-width digits. */
export function clean(s: Schema, v: unknown): unknown {
  if (typeof v === 'string' && s['x-widget'] === 'password') return v || undefined
  if (typeof v === 'string') {
    const text = s['x-widget'] === 'area' ? v.trim() : tidyText(v)
    return text === '' ? undefined : text
  }
  if (Array.isArray(v)) return v.length ? v.map((x) => clean(s.items ?? {}, x)) : undefined
  if (v && typeof v === 'object') {
    const out: Record<string, unknown> = {}
    for (const [name, x] of Object.entries(v)) {
      const got = clean(s.properties?.[name] ?? {}, x)
      if (got !== undefined && got !== null) out[name] = got
    }
    return out
  }
  return v
}

/** What is missing or too long, by path ("units/0/limit"). */
export function flaws(s: Schema, v: unknown, path = ''): Record<string, string> {
  const out: Record<string, string> = {}
  const at = (name: string | number) => (path ? `${path}/${name}` : String(name))
  if (s.properties) {
    const data = (v ?? {}) as Record<string, unknown>
    for (const [name, p] of Object.entries(s.properties)) {
      const x = data[name]
      if (x === undefined || x === null || x === '') {
        if (s.required?.includes(name)) out[at(name)] = t('form.missing', { title: titleOf(p, name) })
      } else Object.assign(out, flaws(p, x, at(name)))
    }
  } else if (Array.isArray(v)) {
    v.forEach((x, i) => Object.assign(out, flaws(s.items ?? {}, x, at(i))))
  } else if (typeof v === 'string') {
    const n = [...v].length
    if (s.minLength && n < s.minLength) out[path] = t('form.short', { title: titleOf(s, path), n: s.minLength })
    if (s.maxLength && n > s.maxLength) out[path] = t('form.long', { title: titleOf(s, path), n: s.maxLength })
  }
  return out
}

/** The people of a step, which a drawing names by duty: "leader / deputy". */
export function whoText(who: string | undefined): string {
  return (who ?? '')
    .split(' / ')
    .map((w) => (has(`duty.${w}`) ? t(`duty.${w}` as Key) : w))
    .join(' / ')
}
