import { isAdmin, isAuditor, session } from './session'
import type { Key } from './t'

export interface Place {
  to: string
  icon: string
  text: Key
}

/** The console's places in the order of the day's work. */
export function navigation(): Place[] {
  const places: Place[] = [
    { to: '/', icon: 'today', text: 'nav.today' },
    { to: '/matters', icon: 'matters', text: 'nav.matters' },
    { to: '/board', icon: 'board', text: 'nav.board' },
    { to: '/enter', icon: 'enter', text: session.me.leader ? 'nav.instruct' : 'nav.enter' },
    { to: '/register', icon: 'register', text: 'nav.register' },
    { to: '/imports', icon: 'imports', text: 'nav.imports' },
    { to: '/observatory', icon: 'watch', text: 'nav.watch' },
    { to: '/briefs', icon: 'brief', text: 'nav.briefs' },
    { to: '/units', icon: 'units', text: 'nav.units' },
    { to: '/definitions', icon: 'flow', text: 'nav.definitions' },
    { to: '/verify', icon: 'proof', text: 'nav.verify' },
  ]
  if (isAdmin.value) places.push({ to: '/security', icon: 'key', text: 'nav.security' }, { to: '/clients', icon: 'plug', text: 'nav.clients' })
  if (isAuditor.value) places.push({ to: '/audit/reads', icon: 'eye', text: 'nav.reads' })
  const duties = (session.me.posts ?? []).map((p) => p.duty)
  const staff = ['secretary', 'supervisor', 'leader', 'deputy', 'auditor'].some((d) => duties.includes(d))
  if (staff) places.splice(1, 0, { to: '/lead', icon: 'lead', text: 'nav.lead' })
  if (staff || duties.includes('liaison') || duties.includes('head')) places.splice(places.findIndex((p) => p.to === '/units'), 0, { to: '/record', icon: 'record', text: 'nav.record' })
  if (session.me.leader) places.splice(places.findIndex((p) => p.to === '/enter') + 1, 0, { to: '/confirm', icon: 'confirm', text: 'nav.confirm' })
  if (isAdmin.value) places.push({ to: '/admin/deliveries', icon: 'mail', text: 'deliveries.title' })
  if (session.me.demo) places.push({ to: '/story', icon: 'story', text: 'nav.story' })
  return places
}

/** The four that stand at the bottom of a phone, before "more". */
export function thumb(): Place[] {
  const all = navigation()
  // Whoever enters nothing for a leader raises matters of his own unit instead.
  const staff = (session.me.posts ?? []).some((p) => p.duty === 'secretary' || p.duty === 'supervisor')
  const want = session.me.leader ? ['/', '/lead', '/confirm', '/enter'] : staff ? ['/', '/matters', '/enter', '/imports'] : ['/', '/matters', '/register', '/board']
  return want.map((to) => all.find((p) => p.to === to)!)
}
