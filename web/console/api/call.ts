// One fetch for the whole console: session cookie, CSRF, idempotency, problems.
import { ref } from 'vue'
import type { Text } from '../../kit/lang'
import type { Uploaded } from './types'

/** A refusal or failure, fit to be shown. `number` is what to quote on the phone. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly text: Text,
    readonly number = '',
    readonly fields: { path: string; text: Text }[] = [],
    readonly policy = '',
    /** What may be done about it: "code", "proof" or "enrol". */
    readonly hint = '',
  ) {
    super(text.zh)
  }
}

/** True once a call was answered "sign in first"; what was typed stays. */
export const sessionEnded = ref(false)
export const offline = ref(!navigator.onLine)
addEventListener('online', () => (offline.value = false))
addEventListener('offline', () => (offline.value = true))

let csrf = ''
export function useCsrf(token: string): void {
  csrf = token
}

export type Query = Record<string, string | number | boolean | null | undefined>

export function withQuery(path: string, query?: Query): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(query ?? {})) {
    if (v !== undefined && v !== null && v !== '' && v !== false) q.set(k, v === true ? '1' : String(v))
  }
  const text = q.toString()
  return text ? `${path}?${text}` : path
}

async function problemOf(res: Pick<Response, 'json' | 'status'>): Promise<Problem> {
  let doc: Record<string, unknown> = {}
  try {
    doc = await res.json()
  } catch {
    // A gateway in between answered with something that is not JSON.
  }
  const zh = String(doc.detail ?? doc.title ?? `服务未能处理（状态 ${res.status}）。`)
  const en = String(doc.detail_en ?? doc.title ?? `The service could not handle it (status ${res.status}).`)
  const kind = String(doc.kind ?? (res.status === 404 ? 'not_found' : res.status === 403 ? 'forbidden' : ''))
  const fields = Array.isArray(doc.fields) ? (doc.fields as Problem['fields']) : []
  return new Problem(res.status, kind, { zh, en }, String(doc.instance ?? ''), fields, String(doc.policy ?? ''), String(doc.hint ?? ''))
}

/** Asks the person to prove who he is; false when he would rather not. */
let prover: (() => Promise<boolean>) | undefined
export function useProver(ask: () => Promise<boolean>): void {
  prover = ask
}

let unasked = false

/**
 * Reads something that nobody asked for just now, because the log has moved: it
 * does not count as use of the session, so that a page left open ends by itself.
 */
export function quietly<T>(read: () => Promise<T>): Promise<T> {
  unasked = true
  try {
    return read() // the call makes its headers before it first waits
  } finally {
    unasked = false
  }
}

/**
 * Calls the API. `key` is the idempotency key of a write; see intent(). A
 * dangerous act that needs a fresh proof is sent again with the same key after it.
 */
export async function call<T>(method: string, path: string, body?: unknown, key?: string, more?: Record<string, string>, as: 'json' | 'text' = 'json'): Promise<T> {
  const res = await answered(method, path, body, key, more)
  if (res.status === 204) return undefined as T
  const text = await res.text()
  if (as === 'text') return text as T
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** What call() does up to the answer, for whatever is no JSON. */
export async function answered(method: string, path: string, body?: unknown, key = newKey(), more?: Record<string, string>): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...more }
  if (unasked) headers['X-Quiet'] = '1'
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET') {
    headers['X-CSRF-Token'] = csrf
    headers['Idempotency-Key'] = key
  }
  let res: Response
  try {
    res = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: 'same-origin' })
  } catch {
    if (!navigator.onLine) offline.value = true
    throw new Problem(0, 'offline', {
      zh: '连不上服务器。已填写的内容保留在本页，网络恢复后可再试；重复提交不会重复登记。',
      en: 'The server cannot be reached. What you typed stays on this page; try again later. Sending twice never records twice.',
    })
  }
  if (!res.ok) {
    const problem = await problemOf(res)
    if (problem.hint === 'proof' && prover && (await prover())) return answered(method, path, body, key, more)
    if (res.status === 401 && !path.startsWith('/api/session')) sessionEnded.value = true
    throw problem
  }
  return res
}

/**
 * A UUID of version 7: it begins with the time, so keys of one hour lie side by
 * side in the server's index. crypto.randomUUID has no such version, and is
 * absent on plain-http intranet pages.
 */
/** Saves a workbook that leaves with its receipt, and tells of it. */
export async function exported(path: string, query: Query): Promise<{ number: string; rows: string; receipt: string }> {
  const res = await answered('GET', withQuery(path, query))
  const number = res.headers.get('X-Export-Number') ?? ''
  const name = /filename\*=UTF-8''([^;]+)/.exec(res.headers.get('Content-Disposition') ?? '')?.[1]
  save(await res.blob(), decodeURIComponent(name ?? `${number}.xlsx`))
  return { number, rows: res.headers.get('X-Export-Rows') ?? '', receipt: res.headers.get('X-Receipt') ?? '' }
}

/** Gives the browser a file to be saved. */
export function save(blob: Blob, name: string): void {
  const a = document.createElement('a')
  a.href = URL.createObjectURL(blob)
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000)
}

export function newKey(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  new DataView(b.buffer).setBigUint64(0, (BigInt(Date.now()) << 16n) | BigInt((b[6]! << 8) | b[7]!))
  b[6] = (b[6]! & 0x0f) | 0x70
  b[8] = (b[8]! & 0x3f) | 0x80
  const hex = [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/**
 * Keeps one idempotency key per intended act: the same input keeps its key when
 * it is sent again after a failure, a changed input gets a new one.
 */
export function intent(): { key(input: unknown): string; done(): void } {
  let last = ''
  let key = ''
  return {
    key(input) {
      const now = JSON.stringify(input)
      if (now !== last || key === '') {
        last = now
        key = newKey()
      }
      return key
    },
    done() {
      last = key = ''
    },
  }
}

/** Sends a file; `progress` is told the part that has gone. Sending it again is harmless. */
export function uploadOf(file: File, progress: (part: number) => void): Promise<Uploaded> {
  return new Promise((done, fail) => {
    const x = new XMLHttpRequest() // fetch does not tell how far an upload is
    x.open('POST', withQuery('/api/attachments', { name: file.name }))
    x.setRequestHeader('Accept', 'application/json')
    x.setRequestHeader('Content-Type', 'application/octet-stream')
    x.setRequestHeader('X-CSRF-Token', csrf)
    x.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total)
    x.onerror = x.ontimeout = () => {
      if (!navigator.onLine) offline.value = true
      fail(new Problem(0, 'offline', { zh: '连不上服务器，文件还没有传上去；网络恢复后会自动再传。', en: 'The server cannot be reached and the file was not sent; it is sent again when the network is back.' }))
    }
    x.onload = () => {
      if (x.status < 300) return done(JSON.parse(x.responseText) as Uploaded)
      if (x.status === 401) sessionEnded.value = true
      void problemOf({ status: x.status, json: async () => JSON.parse(x.responseText) }).then(fail)
    }
    x.send(file)
  })
}
