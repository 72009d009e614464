// Every call the console makes, by the name of the work.
import { call, exported, withQuery, type Query } from './call'
import type * as T from './types'

export * from './types'
export { Problem, intent, save, uploadOf, newKey, offline, quietly, sessionEnded, useCsrf, useProver, withQuery } from './call'

const get = <R>(path: string, query?: Query) => call<R>('GET', withQuery(path, query))
const post = <R>(path: string, body: unknown = {}, key?: string) => call<R>('POST', path, body, key)

export const api = {
  me: () => get<T.Me>('/api/me'),
  signIn: (body: { login?: string; password?: string; code?: string; vouched?: boolean }) => post<T.Me>('/api/session', body),
  signOut: () => call<void>('DELETE', '/api/session'),
  setup: (body: { token: string; login: string; password: string; name: string }) => post<T.Me>('/api/setup', body),
  password: (old: string, next: string) => post<void>('/api/password', { old, new: next }),

  prove: (body: { password?: string; code?: string }) => post<T.Me>('/api/session/proof', body),
  code: () => get<T.CodeState>('/api/account/code'),
  beginCode: () => post<{ secret: string; uri: string; qr: string }>('/api/account/code'),
  confirmCode: (code: string) => post<{ codes: string[] }>('/api/account/code/confirm', { code }),
  removeCode: () => call<void>('DELETE', '/api/account/code'),
  renewRecovery: () => post<{ codes: string[] }>('/api/account/recovery'),
  devices: () => get<T.Device[]>('/api/account/sessions'),
  endDevice: (id: T.Id) => call<void>('DELETE', `/api/account/sessions/${id}`),
  endOtherDevices: () => call<void>('DELETE', '/api/account/sessions'),
  identities: () => get<T.Bound[]>('/api/account/identities'),
  ownReads: (query: Query) => get<T.Readings>('/api/account/reads', query),
  reads: (query: Query) => get<T.Readings>('/api/reads', query),
  securityOf: (person: T.Id) => get<T.AccountSecurity>(`/api/people/${person}/security`),
  endSessionsOf: (person: T.Id, session?: T.Id) => call<void>('DELETE', `/api/people/${person}/sessions${session ? '/' + session : ''}`),
  resetCodeOf: (person: T.Id) => call<void>('DELETE', `/api/people/${person}/code`),
  bindIdentity: (person: T.Id, subject: string, key: string) => post<void>(`/api/people/${person}/identities`, { subject }, key),
  unbindIdentity: (person: T.Id) => call<void>('DELETE', `/api/people/${person}/identities`),
  clients: () => get<T.MachineClient[]>('/api/clients'),
  callables: () => get<T.Callable[]>('/api/clients/operations'),
  addClient: (body: Record<string, unknown>, key: string) => post<{ id: T.Id; secret: string }>('/api/clients', body, key),
  revokeClient: (id: T.Id) => call<void>('DELETE', `/api/clients/${id}`),

  inbox: (group: T.Group) => get<T.Inbox>('/api/inbox', { group }),
  matters: (query: Query) => get<T.Page<T.Row>>('/api/matters', query),
  /** Saves the list as a workbook and tells its receipt. */
  exportMatters: (query: Query) => exported('/api/export/matters.xlsx', query),
  board: (query: Query) => get<T.Board>('/api/board', query),
  matter: async (id: T.Id) => tidy(await get<WireMatter>(`/api/matters/${id}`)),
  act: (id: T.Id, body: { slot: string; step: string; act: string; input: unknown; behalf?: T.Id }, key: string) => done(post<WireDone>(`/api/matters/${id}/acts`, body, key)),
  hold: (id: T.Id, body: Record<string, unknown>, key: string) => done(post<WireDone>(`/api/matters/${id}/hold`, body, key)),
  release: (id: T.Id, body: Record<string, unknown>, key: string) => done(post<WireDone>(`/api/matters/${id}/release`, body, key)),
  tree: (id: T.Id) => get<T.TreeNode>(`/api/matters/${id}/tree`),
  provenance: (id: T.Id) => get<T.Provenance>(`/api/matters/${id}/provenance`),
  papers: (id: T.Id) => get<T.PaperMenu>(`/api/matters/${id}/papers`),
  paperOf: (id: T.Id, sort: string, query: Query) => call<T.PaperView>('GET', withQuery(`/api/matters/${id}/papers/${sort}`, query), undefined, undefined, { 'X-Base-URL': location.origin }),
  issuePaper: (id: T.Id, body: Record<string, unknown>, key: string) => post<T.PaperDone>(`/api/matters/${id}/papers`, { ...body, base: location.origin }, key),
  paper: (id: T.Id) => get<T.PaperPage>(`/api/papers/${id}`),
  brief: (week?: string) => call<T.PaperView>('GET', withQuery('/api/briefs', { week }), undefined, undefined, { 'X-Base-URL': location.origin }),
  briefsIssued: () => get<T.PaperRow[]>('/api/briefs/issued'),
  issueBrief: (week: string, key: string) => post<T.PaperDone>('/api/briefs', { week, base: location.origin }, key),

  receipt: (pos: number) => get<T.Receipt>(`/api/receipts/${pos}`),
  receiptText: (pos: number) => call<string>('GET', `/api/receipts/${pos}`, undefined, undefined, undefined, 'text'),
  verify: (receipt: unknown) => post<T.Verdict>('/api/verify', { receipt }),
  checkpoint: () => get<{ text: string; key: string }>('/api/checkpoint'),

  definitions: () => get<T.DefinitionRow[]>('/api/definitions'),
  definition: (kind: string) => get<T.Definition>(`/api/definitions/${encodeURIComponent(kind)}`),

  procedureTemplates: () => get<T.ProcedureTemplate[]>('/api/procedures/templates'),
  tryProcedure: (body: T.Trial) => post<T.DraftPage>('/api/procedures/try', body),
  process: (kind: string, query: Query) => get<T.Process>(`/api/process/${encodeURIComponent(kind)}`, query),
  lead: () => get<T.Lead>('/api/lead'),
  record: (months: number) => get<T.RecordPage>('/api/record', { months }),
  help: (id: T.Id) => get<T.Help>(`/api/matters/${id}/help`),
  takeHelp: (id: T.Id, what: 'unit' | 'handling', from: T.Id | undefined, key: string) => post<{ pos: number }>(`/api/matters/${id}/help`, { what, ...(from ? { from } : {}) }, key),
  helpState: () => get<T.HelpState>('/api/help'),
  setHelp: (body: { all?: boolean; on: boolean }, key: string) => post<void>('/api/help', body, key),

  units: () => get<T.Unit[]>('/api/units'),
  addUnit: (body: Record<string, unknown>, key: string) => post<{ id: T.Id }>('/api/units', body, key),
  addPerson: (body: Record<string, unknown>, key: string) => post<{ id: T.Id }>('/api/people', body, key),
  addPost: (body: Record<string, unknown>, key: string) => post<{ id: T.Id }>('/api/posts', body, key),
  endPost: (id: T.Id, leave = false) => call<void>('DELETE', `/api/posts/${id}${leave ? '?leave=true' : ''}`),
  delegations: () => get<T.Delegations>('/api/delegations'),
  delegate: (body: Record<string, unknown>, key: string) => post<{ id: T.Id; pos: number; receipt: T.Receipt }>('/api/delegations', body, key),
  endDelegation: (id: T.Id) => call<{ pos: number }>('DELETE', `/api/delegations/${id}`),
  markAbsent: (body: Record<string, unknown>, key: string) => post<{ id: T.Id; pos: number; receipt: T.Receipt }>('/api/absences', body, key),
  endAbsence: (id: T.Id) => call<{ pos: number }>('DELETE', `/api/absences/${id}`),
  hands: (id: T.Id) => get<T.Hands>(`/api/people/${id}/hands`),
  handOver: (id: T.Id, body: { to: T.Id; reason: string }, key: string) =>
    post<{ steps: number; parties: number; delegations: number; pos: number; receipt: T.Receipt }>(`/api/people/${id}/handover`, body, key),
  duties: () => get<T.DutyMap>('/api/duties'),
  people: (query: Query) => get<T.Person[]>('/api/people', query),

  enterInstruction: (body: Record<string, unknown>, key: string) =>
    post<{ id: T.Id; pos: number; matter?: T.Id; receipt: T.Receipt }>('/api/docket/instructions', body, key),
  instruction: (id: T.Id) => get<T.Instruction>(`/api/docket/instructions/${id}`),
  instructionsToConfirm: () => get<T.Instruction[] | { items: T.Instruction[] }>('/api/docket/instructions', { state: 'to_confirm' }),
  confirmInstruction: (id: T.Id, key: string) => post<{ pos: number; receipt: T.Receipt }>(`/api/docket/instructions/${id}/confirm`, {}, key),
  register: (body: { kind: string; title: string; source?: T.Id; originator?: T.Id; unit?: T.Id; given: unknown }, key: string) => post<{ matter: T.Id; pos: number; receipt: T.Receipt }>('/api/docket/matters', body, key),

  alike: (kind: string, given: unknown) => post<{ items: T.Likeness[] }>('/api/docket/alike', { kind, given }),
  reveal: (id: T.Id, field: string, purpose: string, key: string) => post<{ value: string; pos: number }>(`/api/matters/${id}/reveal`, { field, purpose }, key),
  attachments: async (subject: T.Id) => (await get<{ items: T.Attachment[] }>('/api/attachments', { subject: String(subject) })).items,
  attachmentText: (id: T.Id) => get<{ text: string; cut: boolean }>(`/api/attachments/${id}/text`),
  attachmentPicture: (id: T.Id) => `/api/attachments/${id}/picture`,
  attachmentFile: (id: T.Id) => `/api/attachments/${id}/content`,

  openable: () => get<T.Openable[]>('/api/docket/kinds'),

  imports: () => get<T.ImportRow[]>('/api/imports'),
  import: (id: T.Id) => get<T.Import>(`/api/imports/${id}`),
  addImport: (body: { name: string; content_base64?: string; text?: string; as?: string }, key: string) =>
    post<{ id: T.Id; kind: string; title: string; proposals: number; errors: T.RowError[] | null }>('/api/imports', body, key),
  proposal: (id: T.Id, n: number, body: T.ProposalAct, key: string) => post<T.Revised>(`/api/imports/${id}/proposals/${n}`, body, key),
  dispatch: (id: T.Id, body: { leader?: T.Id }, key: string) => post<{ matters: T.Id[]; receipts: T.Receipt[] }>(`/api/imports/${id}/dispatch`, body, key),
  template: '/api/imports/template.xlsx',

  notices: (query: Query) => get<{ items: T.NoticeRow[]; next: number }>('/api/notices', query),
  noticeCount: () => get<{ unread: number }>('/api/notices/count'),
  noticesSeen: (body: { pos: number; subject?: T.Id; only?: boolean }) => post<{ unread: number }>('/api/notices/seen', body),
  noticeSettings: () => get<T.NoticeSettings>('/api/notices/settings'),
  setNoticeSettings: (body: unknown) => call<T.NoticeSettings>('PUT', '/api/notices/settings', body),
  deliveries: (query: Query) => get<T.DeliveryPage>('/api/deliveries', query),
  retryDelivery: (body: { person: T.Id; pos: number; channel: string }) => post<void>('/api/deliveries/retry', body),

  demo: () => get<T.Demo>('/api/demo'),
  demoNext: () => post<T.Demo>('/api/demo/next'),
  demoDays: (days: number) => post<T.Demo>('/api/demo/days', { days }),
  tamper: () => post<T.Tamper>('/api/demo/tamper'),
}

// A matter's `children` is a list on the matter itself and counts on a row; the
// screens call the list children_rows and keep the counts under children.
type WireMatter = Omit<T.Matter, 'children'> & { children: T.Row[] | T.Row['children'] }

type WireDone = Omit<T.ActDone, 'matter_now'> & { matter_now: WireMatter }
async function done(answer: Promise<WireDone>): Promise<T.ActDone> {
  const got = await answer
  return { ...got, matter_now: tidy(got.matter_now) } as T.ActDone
}

function tidy(wire: WireMatter): T.Matter {
  const rows = Array.isArray(wire.children) ? wire.children : (wire.children_rows ?? [])
  const counts = Array.isArray(wire.children)
    ? {
        total: rows.length,
        done: rows.filter((r) => r.status === 'closed' || r.status === 'withdrawn').length,
        late: rows.filter((r) => r.remaining?.late).length,
        paused: rows.filter((r) => r.status === 'paused').length,
      }
    : wire.children
  return {
    ...wire,
    children: counts,
    children_rows: rows,
    tasks: wire.tasks ?? [],
    offers: wire.offers ?? [],
    data: wire.data ?? [],
    timeline: wire.timeline ?? [],
    clocks: wire.clocks ?? [],
    files: wire.files ?? [],
  }
}
