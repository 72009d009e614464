// What was typed survives a lost session, a reload and a wrong turn, but not the
// browser window: office machines are shared. Kept per person and per form.
import { watch, type Ref } from 'vue'
import { session } from './session'

function place(form: string): string {
  return `touyan.draft.${session.me.person?.id ?? 0}.${form}`
}

/** `never` names the fields that are not kept: passwords. */
export function keepDraft<T extends object>(form: string, state: Ref<T>, never: string[] = []): { restored: boolean; forget: () => void } {
  let restored = false
  let off = false
  try {
    const text = sessionStorage.getItem(place(form))
    if (text) {
      state.value = { ...state.value, ...(JSON.parse(text) as T) }
      restored = true
    }
  } catch {
    // A draft that cannot be read is no draft.
  }
  watch(
    state,
    (now) => {
      if (off) return
      try {
        sessionStorage.setItem(place(form), JSON.stringify(now, (name, v) => (never.includes(name) ? undefined : v)))
      } catch {
        // Storage is full or refused; typing goes on.
      }
    },
    { deep: true },
  )
  return {
    restored,
    forget() {
      off = true
      sessionStorage.removeItem(place(form))
      setTimeout(() => (off = false))
    },
  }
}

/** Removes stray spaces at both ends and turns full-width digits and letters into plain ones. */
export function tidyText(text: string): string {
  return text.trim().replace(/[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
}
