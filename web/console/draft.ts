// What was typed survives a lost session, a reload, a wrong turn and a lost
// network. At a desk it is kept as long as the browser's window: office machines
// are shared. A phone is one person's: there it is kept for a week, also when the
// page was closed, and goes when that person signs out.
import { watch, type Ref } from 'vue'
import { session } from './session'

const MARK = 'touyan.draft.'
const WHO = 'touyan.person'
const WEEK = 7 * 24 * 3600 * 1000

export const keeper = (): Storage => (matchMedia('(pointer: coarse)').matches ? localStorage : sessionStorage)

/** Whose drafts they are: without a network the server cannot be asked who this is. */
function owner(): number {
  const id = session.me.person?.id
  if (id) keeper().setItem(WHO, String(id))
  return id ?? Number(keeper().getItem(WHO) ?? 0)
}

/** What was typed, and the page on which it goes on. */
export interface Kept {
  key: string
  at: number
  label: string
  path: string
  state: Record<string, unknown>
}

function read(key: string): Kept | undefined {
  try {
    const kept = JSON.parse(keeper().getItem(key) ?? '') as Kept
    return typeof kept.at === 'number' && kept.state ? { ...kept, key } : undefined
  } catch {
    return undefined // a draft that cannot be read is no draft
  }
}

/** The drafts of whoever uses this browser, newest first; old ones go. */
export function drafts(): Kept[] {
  const out: Kept[] = []
  try {
    const from = keeper()
    const keys = Array.from({ length: from.length }, (_, i) => from.key(i)!).filter((k) => k.startsWith(`${MARK}${owner()}.`))
    for (const key of keys) {
      const kept = read(key)
      if (!kept || Date.now() - kept.at > WEEK) from.removeItem(key)
      else if (Object.values(kept.state).some((v) => typeof v === 'string' && v.trim() !== '')) out.push(kept)
    }
  } catch {
    // Storage is refused: nothing was kept.
  }
  return out.sort((a, b) => b.at - a.at)
}

export function dropDraft(key: string): void {
  keeper().removeItem(key)
}

/** On signing out, a phone keeps nothing of what its owner typed. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(MARK) || key === WHO) localStorage.removeItem(key)
  } catch {
    // Storage is refused: nothing was kept.
  }
}

/** `never` names the fields that are not kept: passwords. `on` says what it is and where it goes on. */
export function keepDraft<T extends object>(form: string, state: Ref<T>, never: string[] = [], on?: { label: string; path: string }): { restored: boolean; forget: () => void } {
  const key = `${MARK}${owner()}.${form}`
  const kept = read(key)
  let off = false
  if (kept) state.value = { ...state.value, ...(kept.state as T) }
  watch(
    state,
    (now) => {
      if (off) return
      const at = on ?? { label: document.title.split(' · ')[0]!, path: location.pathname + location.search }
      try {
        keeper().setItem(key, JSON.stringify({ at: Date.now(), ...at, state: now }, (name, v) => (never.includes(name) ? undefined : v)))
      } catch {
        // Storage is full or refused; typing goes on.
      }
    },
    { deep: true },
  )
  return {
    restored: !!kept,
    forget() {
      off = true
      keeper().removeItem(key)
      setTimeout(() => (off = false))
    },
  }
}

/** Removes stray spaces at both ends and turns full-width digits and letters into plain ones. */
export function tidyText(text: string): string {
  return text.trim().replace(/[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
}
