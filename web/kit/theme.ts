import { ref } from 'vue'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'touyan.theme'
const wish = matchMedia('(prefers-color-scheme: dark)')

function stored(): Theme {
  try {
    const mode = localStorage.getItem(KEY)
    return mode === 'light' || mode === 'dark' ? mode : 'system'
  } catch {
    return 'system'
  }
}

export const theme = ref<Theme>(stored())

function apply(): void {
  const dark = theme.value === 'dark' || (theme.value === 'system' && wish.matches)
  document.documentElement.classList.toggle('dark', dark)
}

export function setTheme(to: Theme): void {
  theme.value = to
  apply()
  try {
    localStorage.setItem(KEY, to)
  } catch {
    // The choice then lasts until the page is left.
  }
}

/** Applies the stored choice and follows the system's. */
export function startTheme(): void {
  apply()
  wish.addEventListener?.('change', apply)
}
