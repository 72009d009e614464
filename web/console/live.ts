// What the server tells without being asked: which matters moved, and the
// demonstration's clock. Screens watch `moved` and read again quietly.
import { ref, shallowRef } from 'vue'
import { api, quietly, sessionEnded } from './api'
import { session } from './session'

export const moved = shallowRef<{ pos: number; matters: number[] }>({ pos: 0, matters: [] })
/** Grows whenever the server says that there are new notices. */
export const told = ref(0)
export const connected = ref(false)

let source: EventSource | null = null

function json(e: Event): Record<string, unknown> {
  try {
    return JSON.parse((e as MessageEvent<string>).data)
  } catch {
    return {}
  }
}

export function listen(): void {
  if (source) return
  source = new EventSource('/api/live')
  source.onopen = () => {
    connected.value = true
    told.value++ // something may have come while nobody listened
  }
  source.onerror = () => {
    connected.value = false // the browser reconnects by itself
    void quietly(api.me).then((me) => source && !me.signed_in && (sessionEnded.value = true), () => undefined) // ended elsewhere: said at once
  }
  source.addEventListener('moved', (e) => {
    const d = json(e)
    moved.value = { pos: Number(d.pos ?? 0), matters: Array.isArray(d.matters) ? (d.matters as number[]) : [] }
  })
  source.addEventListener('notices', () => told.value++)
  source.addEventListener('clock', (e) => {
    const now = json(e).now
    if (typeof now === 'string') session.me.now = now
  })
}

export function silence(): void {
  source?.close()
  source = null
  connected.value = false
}
