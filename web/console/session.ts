// Who is signed in, and what the server says the time is.
import { computed, reactive } from 'vue'
import { forgetDrafts } from './draft'
import { api, sessionEnded, useCsrf, type Me } from './api'

const none: Me = {
  signed_in: false, needs_setup: false, demo: false, csrf: '', now: '', leader: false,
  office: { zh: '', en: '' }, city: { zh: '', en: '' },
}

export const session = reactive<{ me: Me; known: boolean }>({ me: none, known: false })

export const isAdmin = computed(
  () => session.me.admin ?? (session.me.posts ?? []).some((p) => p.duty === 'admin' || p.duty === 'administrator'),
)

export const isAuditor = computed(() => (session.me.posts ?? []).some((p) => p.duty === 'auditor'))

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

export async function signIn(body: { login?: string; password?: string; code?: string; vouched?: boolean }): Promise<void> {
  const me = await api.signIn(body)
  if (me?.signed_in) take(me)
  else await refreshMe()
}

/** Ends the session here, and then the identity provider's if it began there; `away` leaves the page before it reads again. */
export async function signOut(away: () => Promise<unknown>): Promise<void> {
  const elsewhere = session.me.leave
  await api.signOut()
  forgetDrafts()
  await away()
  if (elsewhere) location.assign(elsewhere)
  await refreshMe()
  sessionEnded.value = false // the live feed ended with it
}
