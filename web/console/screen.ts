import { ref } from 'vue'

const phone = matchMedia('(max-width: 820px)')

/** True when the screen is a phone's: one column, navigation at the bottom. */
export const narrow = ref(phone.matches)
phone.addEventListener?.('change', () => (narrow.value = phone.matches))

/** True if the key was meant for a field, so that it is no command. */
export function typing(e: KeyboardEvent): boolean {
  const el = e.target as HTMLElement | null
  return !!el && (/^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) || el.isContentEditable || !!el.closest('[role="dialog"]'))
}
