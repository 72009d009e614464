// Who is signed in, and what the server says the time is.
import { computed, reactive } from 'vue'
import { api, sessionEnded, useCsrf, type Me } from './api'

const none: Me = {
  signed_in: false, needs_setup: false, demo: false, csrf: '', now: '', leader: false,
  office: { zh: '', en: '' }, city: { zh: '', en: '' },
}

export const session = reactive<{ me: Me; known: boolean }>({ me: none, known: false })

export const isAdmin = computed(
  () => session.me.admin ?? (session.me.posts ?? []).some((p) => p.duty === 'admin' || p.duty === 'administrator'),
)

export function take(me: Me): void {
  session.me = me
  session.known = true
  useCsrf(me.csrf)
  if (me.signed_in) sessionEnded.value = false
}

export async function refreshMe(): Promise<Me> {
  take(await api.me())
  return session.me
}

export async function signIn(login: string, password: string): Promise<void> {
  const me = await api.signIn(login, password)
  if (me?.signed_in) take(me)
  else await refreshMe()
}

export async function signOut(): Promise<void> {
  await api.signOut()
  sessionEnded.value = false
  await refreshMe()
}
