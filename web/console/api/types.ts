// The shapes of the API as the screens use them.
import type { Text } from '../../kit/lang'

export type { Text }
export type Id = number

export interface Post {
  id: Id
  unit: Id
  unit_name: Text
  duty: string
  duty_name: Text
  title: Text | string
}

/** A delegation in force by which I act for somebody. */
export interface Acting {
  id: Id
  name: string
  posts: Text[]
  until: string
}

/** A delegation (委托) or a standing deputy (AB角). */
export interface Delegation {
  id: Id
  giver: Named
  taker: Named
  post: Text
  kinds: Text[]
  since: string
  until: string
  standing: boolean
  reason: string
  state: 'in_force' | 'waiting' | 'over'
  endable: boolean
  ended: string
}

export interface Absence {
  id: Id
  person: Named
  since: string
  until: string
  reason: string
  now: boolean
  endable: boolean
}

export interface Delegations {
  posts: { id: Id; name: Text }[]
  kinds: { kind: string; name: Text }[]
  given: Delegation[]
  received: Delegation[]
  others: Delegation[]
  absences: Absence[]
  as_of: string
}

/** What is in a person's hands. */
export interface Hands {
  person: Named
  steps: Task[]
  parties: Row[]
  hidden: number
  duties: { post: Text; open: number }[]
  delegations: Delegation[]
}

export interface DutySeat {
  unit: Id
  unit_name: Text
  duty: string
  duty_name: Text
  holders: { person: Id; name: string; away?: string; by?: string[] }[]
  why?: Text
  steps: string[]
  basis: string
}

export interface DutyMap {
  day: string
  kinds: { kind: string; name: Text; basis: { source: string; article: string }[]; steps: DutyStep[] }[]
  seats: DutySeat[]
  overlaps: DutySeat[]
  gaps: DutySeat[]
  orphans: { matter?: Id; title?: string; person: string; why: Text }[]
}

export interface DutyStep {
  step: string
  name: Text
  basis: { source: string; article: string }
  who: { duty?: string; of?: string; name: Text }[]
}

export interface Me {
  acting?: Acting[] | null
  signed_in: boolean
  needs_setup: boolean
  demo: boolean
  person?: { id: Id; name: string; name_en?: string; login: string }
  posts?: Post[]
  csrf: string
  now: string
  office: Text
  city: Text
  leader: boolean
  admin?: boolean
  code?: boolean
  must_enrol?: boolean
  provider?: { name: Text; start: string }
  leave?: string
  contact?: Text
}

/** Time left to a limit. unit: working days, natural days or hours. */
export interface Remaining {
  days: number
  unit: 'wd' | 'd' | 'h'
  late: boolean
  text?: Text
}

/** How much of a limit is used up: 0, 70, 100 or 120 percent passed. */
export type Mark = 0 | 70 | 100 | 120

export type Tone = 'primary' | 'plain' | 'danger'

export interface ShortOffer {
  slot: string
  step: string
  act: string
  name: Text
  tone: Tone
}

export interface ActOffer extends ShortOffer {
  form: Schema | null
  who: Text
  interrupt: boolean
}

/** The part of JSON Schema 2020-12 that definitions use, with our x- words. */
export interface Schema {
  type?: string | string[]
  properties?: Record<string, Schema>
  items?: Schema
  required?: string[]
  enum?: unknown[]
  oneOf?: Schema[]
  const?: unknown
  default?: unknown
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  minimum?: number
  maximum?: number
  'x-zh'?: string
  'x-en'?: string
  'x-help-zh'?: string
  'x-help-en'?: string
  'x-widget'?: string
  'x-order'?: string[]
  'x-duty'?: string
  'x-free'?: boolean
  'x-alike'?: { number: string; texts: string[] }
  'x-labels'?: Record<string, { zh: string; en: string }>
  'x-choices'?: { value: unknown; zh: string; en: string }[]
}

export interface Task {
  matter: Id
  number: string
  title: string
  kind: string
  kind_name: Text
  slot: string
  step: string
  n: number
  step_name: Text
  unit: Id
  unit_name: Text
  person: Id
  person_name: string
  duty: string
  duty_name: Text
  since: string
  due: string
  provisional: boolean
  remaining: Remaining | null
  mark: Mark
  parent: Id
  urged: number
  acts: ShortOffer[]
  for?: Named | null
}

export type Group = 'mine' | 'unit' | 'watch'

export interface Inbox {
  as_of: string
  counts: { mine: number; due_today: number; overdue: number; unit: number; watch: number; to_confirm: number }
  items: Task[]
}

export interface Row {
  id: Id
  number: string
  title: string
  kind: string
  kind_name: Text
  status: 'open' | 'closed' | 'paused' | 'withdrawn'
  status_name: Text
  stage: string
  stage_name: Text
  unit: Id
  unit_name: Text
  office: Id
  lead: Id
  holder_name: string
  waits_for: Text[]
  opened: string
  updated: string
  due: string
  provisional: boolean
  remaining: Remaining | null
  mark: Mark
  parent: Id
  children: { total: number; done: number; late: number; paused: number } | null
  returns?: number
}

export interface Page<T> {
  items: T[]
  next: string
  as_of: string
  total_hint: number
  searched_to: string // '' when everything was looked at
}

export interface Named {
  id: Id
  name: string
}

export interface Entry {
  pos: number
  recorded: string
  occurred: string
  actor: Named
  behalf: Named | null
  giver?: Named | null
  unit_name: Text
  act: string
  act_name: Text
  step: string
  step_name: Text
  text: Text
  fields: ShownField[]
  receipt: boolean
  erased: boolean
}

export interface ShownField {
  name: string
  label: Text
  value: unknown
  display: Text | string
  masked?: boolean
}

/** An earlier matter that what is being registered resembles. */
export interface Likeness {
  row: Row
  number: boolean
  share: number
  why: Text
}

export interface Clock {
  slot: string
  step: string
  step_name?: Text
  limit_text: Text
  basis: Text | string
  started: string
  due: string
  provisional: boolean
  mark: Mark
  paused: { from: string; to: string }[]
  extended: { by: string; who: string; at: string }[]
}

export interface Instruction {
  id: Id
  leader: Named | string
  verbatim: string
  received: string
  entered_by: Named | string
  confirmed: string
  title?: string
  medium?: string
  matter?: Id
  number?: string
  matters: Row[]
}

/** A kind of work that one may register, with the form it begins with. */
export interface Openable {
  kind: string
  name: Text
  basis: { source: string; article?: string }[]
  first: Text
  asks: boolean
  from: boolean
  units: { id: Id; name: string }[]
  given: Schema
}

export interface Matter extends Row {
  def: { kind: string; version: number; hash: string }
  originator: Named
  outcome: string
  outcome_name?: Text
  tasks: Task[]
  offers: ActOffer[]
  data: { step: string; step_name: Text; fields: ShownField[] }[]
  timeline: Entry[]
  children_rows?: Row[]
  parent_row: Row | null
  clocks: Clock[]
  instruction?: Instruction | null
  sealed?: Text[]
  keep: Keeping
  approval?: Approval | null
  files: Attachment[]
}

/** How long the texts of an ended matter of a kind are kept. */
export interface KeepTerm {
  text: Text
  set: 'law' | 'office'
  basis: { source: string; article?: string }[]
}

export interface Keeping {
  term: KeepTerm | null
  until: string
  over: boolean
  held: { pos: number; at: string; by: Named | null; why: string; words: string; review: string } | null
  may_hold: boolean
  erased: { pos: number; at: string; how: string; why: Text } | null
}

export interface Approval {
  as_of: string
  similar: (Row & { object: Text; repeats: boolean; share: number })[]
  frequency: { town: Text; count: number; most: number } | null
}

export interface Attachment {
  id: Id
  name: string
  type: string
  size: number
  digest: string
  added: string
  by: Named
  erased: boolean
  preview: 'picture' | 'text' | 'none'
}

export interface Uploaded {
  digest: string
  name: string
  type: string
  size: number
}

export interface Receipt {
  format: string
  log?: string // these two are the installation's, and come only with /api/receipts
  key?: string
  envelope: Record<string, unknown>
  digest: string
  body?: unknown
  salt?: string
  proof: string[]
  checkpoint: string
  [more: string]: unknown
}

export interface ActDone {
  matter: Id
  pos: number
  number?: string
  receipt: Receipt
  matter_now: Matter
}

export interface BoardColumn {
  step: string
  step_name: Text
  count: number
  late: number
  items: Row[]
}

export interface Board {
  kind: string
  as_of: string
  columns: BoardColumn[]
  kinds: { kind: string; name: Text }[]
}

export interface TreeNode {
  row: Row
  tasks: Task[]
  children: TreeNode[]
  stuck: boolean
}

export interface ProvNode {
  key: string
  type: string
  type_name: Text
  title: string
  at: string
  who: string
  href?: string
}

export interface ProvEdge {
  from: string
  rel: string
  rel_name: Text
  to: string
  at: string
  pos: number
}

export interface Provenance {
  nodes: ProvNode[]
  edges: ProvEdge[]
  missing: { key: string; text: Text; act?: string }[]
  hidden: number
}


export interface Verdict {
  ok: boolean
  checks: { name: Text; ok: boolean; detail: Text }[]
  envelope: Record<string, unknown>
  kind_name: Text
  actor_name: string
}

export interface DefinitionRow {
  kind: string
  name: Text
  version: number
  hash: string
  basis: ({ source: string; article?: string } | string)[] | string
  steps: number
  limit_text: Text | string
  keep: KeepTerm | null
  running: number
}

export interface DiagramNode {
  id: string
  kind: 'step' | 'choice' | 'joint' | 'each' | 'start' | 'end'
  zh?: string
  en?: string
  who?: string
  limit?: string
  x: number
  y: number
  w: number
  h: number
}

export interface DiagramEdge {
  from: string
  to: string
  label?: string
  kind: 'next' | 'back' | 'branch'
  points: { x: number; y: number }[]
}

export interface Diagram {
  w: number
  h: number
  nodes: DiagramNode[]
  edges: DiagramEdge[]
}

export interface Definition {
  kind: string
  name: Text
  version: number
  hash: string
  basis: DefinitionRow['basis']
  source: string
  keep: KeepTerm | null
  diagram: { zh: Diagram; en: Diagram }
  problems: { text: Text; line: number; path?: string }[]
  given?: Schema | null
}

export interface ProcedureTemplate {
  name: string
  of: Text
  text: string
}

/** A draft of a procedure, with what is tried on it. */
export interface Trial {
  text: string
  given?: Record<string, unknown>
  moves?: TrialMove[]
}

export interface TrialMove {
  slot?: string
  step?: string
  act?: string
  input?: Record<string, unknown>
  each?: string
  n?: number
  index?: number
  outcome?: string
}

export interface DraftPage {
  kind: string
  name: Text
  problems: { text: Text; line: number; path?: string }[]
  diagram: { zh: Diagram; en: Diagram } | null
  keep: KeepTerm | null
  given: Schema | null
  trial: {
    refused: { text: Text; fields: { path: string; text: Text }[] } | null
    open: { slot: string; step: string; name: Text; limit: Text; acts: { act: string; name: Text; form: Schema | null; left: number }[] }[]
    children: { each: string; n: number; index: number; name: Text; outcomes: { id: string; name: Text }[] }[]
    past: Text[]
    made: number
    ended: Text
    over: boolean
  } | null
}

export interface Unit {
  id: Id
  parent: Id
  name: Text
  level: string
  kind: string
  posts: { id: Id; person: Id; person_name: string; duty: string; duty_name: Text; title: Text | string; away?: string; acted_by?: string[] }[]
  open: number
}

export interface Person {
  id: Id
  name: string
  unit: Id
  unit_name: Text
  duty: string
  duty_name: Text
}

export interface ImportRow {
  id: Id
  name: string
  kind: 'report' | 'list'
  title: string
  status: 'open' | 'done'
  counts: { proposed: number; confirmed: number; dropped: number; dispatched: number }
  at?: string
}

export interface RowError {
  row: number
  column: string
  text: Text
}

export type ProposalState = 'proposed' | 'confirmed' | 'dropped' | 'merged' | 'dispatched'

export interface Proposal {
  n: number
  state: ProposalState
  title: string
  source: { paragraph: number; sentence: number; text: string; heading: string; start: number; end: number }
  quantities: { text: string }[] | null
  deadline: { text: string; date: string } | null
  strength: string | number
  lead: { unit: Id; unit_name: Text; why: Text | string } | null
  assist: Id[] | null
  limit: string
  due: string
  into: number
  matter: Id
}

export interface Import extends ImportRow {
  proposals: Proposal[]
}

/** The answer to a decision about a proposal. */
export interface Revised extends Import {
  receipt: Receipt
}

export interface ProposalAct {
  act: 'confirm' | 'drop' | 'edit' | 'merge' | 'split' | 'restore'
  title?: string
  lead?: Id
  assist?: Id[]
  limit?: string
  with?: number[]
  parts?: string[]
}

export interface DemoStep {
  n: number
  title: Text
  domain: string
  built: boolean
  state: 'done' | 'next' | 'waiting' | 'missing'
  at: string
  who: string
  login: string
  href: string
  text: Text
}

export interface Demo {
  now: string
  steps: DemoStep[]
  logins: { login: string; name: string; role: Text; password: string }[]
  /** The speech whose figures the story checks. */
  draft: string
}

export interface Tamper {
  copy: string
  found: { pos: number; text: Text } | null
}

/** How somebody stands with the one-time code. */
export interface CodeState {
  active: boolean
  since: string
  recovery: number
  required: boolean
}

/** A session as its holder, or an administrator, sees it. */
export interface Device {
  id: Id
  device: Text
  place: string
  how: 'password' | 'provider'
  opened: string
  seen: string
  current: boolean
}

export interface Bound {
  issuer: string
  since: string
}

/** A person's account as an administrator sees it. */
export interface AccountSecurity {
  person: Id
  name: string
  login: string
  code: CodeState
  sessions: Device[]
  identities: Bound[]
  issuer: string
}

export interface MachineClient {
  id: Id
  name: Text
  login: string
  unit: Id
  unit_name: Text
  duty: string
  duty_name: Text
  actions: string[]
  expires: string
  expired: boolean
  revoked: boolean
  seen: string
  made: string
  maker: string
}

export interface Callable {
  id: string
  summary: string
  reads: boolean
}

/** One reading of one object by one person. */
export interface Reading {
  at: string
  person: Id
  name: string
  as: Text
  kind: string
  object: Id
  detail: string
}

export interface Readings {
  items: Reading[]
  next: string
}

/** How the matters of a kind really ran. lines stand beside the edges of the kind's drawing. */
export interface Process {
  kind: string
  name: Text
  version: number
  as_of: string
  from: string
  to: string
  most: number
  more: boolean
  runs: number
  ended: number
  unread: number
  returned: number
  returns: number
  late: number
  forced: number
  reopened: number
  median: Text
  bottleneck: { step: string; step_name: Text; share: number; visits: number; median: Text; text: Text } | null
  steps: { step: string; step_name: Text; units: boolean; runs: string; visits: number; open: number; late: number; again: number; skipped: number; share: number; total: Text; median: Text }[]
  lines: { count: number; time: Text }[]
  variants: { count: number; share: number; acts: Text[] }[]
  ways: number
  interrupts: { act: string; name: Text; count: number }[]
}

export interface LeadNumber {
  id: string
  name: Text
  what: Text
  share: boolean
  value: number
  n: number
  of: number
  few: boolean
  previous: number
  previous_n: number
  previous_of: number
  previous_few: boolean
  direction: 'up' | 'down' | 'same' | 'none'
  good: 'good' | 'bad' | 'plain'
}

export interface Lead {
  as_of: string
  days: number
  from: string
  before: string
  numbers: LeadNumber[]
  open: number
  late: number
  exceptions: { matter: Id; number: string; title: string; step_name: Text; unit_name: Text; remaining: Remaining | null; why: Text; can: { act: string; name: Text; who: Text; mine: boolean; matter: Id }[] }[]
}

export interface RecordFigures {
  parts: number
  dated: number
  in_time: number
  returned: number
  answered: number
  solved: number
}

export interface RecordPage {
  as_of: string
  office: boolean
  months: string[]
  units: { unit: Id; name: Text; total: RecordFigures; months: (RecordFigures & { month: string })[] }[]
  none: number
}

/** What the bundled help proposes for a matter; nothing follows from it. */
export interface Help {
  on: boolean
  similar: { id: Id; number: string; title: string; status_name: Text; likeness: number; words: string[]; units: Text[] }[]
  units: { unit: Id; name: Text; why: Text }[]
  handling: { opinion: string; units: { unit: string; role: string; limit: string }[]; from: Id; number: string; title: string } | null
  labels: { similar: Text; unit: Text; handling: Text }
}

export interface HelpState {
  all: boolean
  mine: boolean
  may: boolean
}

/** Text of one face: fang, kai, hei, biao or song. */
export interface LaidRun {
  text: string
  face: string
}

/** A paragraph of a paper; lengths are in characters, before in lines. */
export interface LaidPara {
  style: string
  runs?: LaidRun[]
  far?: LaidRun[]
  before?: number
  left?: number
  right?: number
  first?: number
  align?: string
  size?: number
  rule?: boolean
  keep?: boolean
  qr?: boolean
  table?: { widths: number[]; head?: number; rows: { text: string; label?: boolean; span?: number; mid?: boolean; tall?: number }[][] }
}

export interface Laid {
  form: string
  title: string
  top: LaidPara[]
  body: LaidPara[]
  foot: LaidPara[]
}

/** A paper as it would be printed. */
export interface PaperView {
  sort: string
  name: Text
  laid: Laid
  qr: string
  flaws: { field: string; clause: string; text: Text }[]
  may_issue: boolean
  week: string
  title: string
}

export interface PaperRow {
  id: Id
  sort: string
  name: Text
  number: string
  matter: Id
  digest: string
  size: number
  issued: string
  issued_by: string
}

export interface PaperPage extends PaperRow {
  sheet: PaperView | null
  erased: boolean
}

export interface PaperMenu {
  choices: { sort: string; name: Text; ready: boolean; why: Text }[]
  issued: PaperRow[]
  may_issue: boolean
}

/** The answer to an issuing. */
export interface PaperDone {
  id: Id
  pos: number
  number: string
  digest: string
  receipt: Receipt
  file_name: string
}

export interface NoticeRow {
  pos: number
  class: string
  class_name: Text
  urgent: boolean
  text: Text
  number: string
  title: string
  link: string
  at: string
  seen: boolean
}

export interface NoticeSettings {
  quiet_from: string
  quiet_to: string
  classes: { class: string; name: Text; urgent: boolean }[]
  ways: { channel: string; name: Text; to: string; off: string[] }[]
}

export interface DeliveryRow {
  person: Id
  person_name: string
  pos: number
  channel: string
  channel_name: Text
  class_name: Text
  state: 'waiting' | 'sending' | 'sent' | 'unsure' | 'dead' | 'withheld'
  tries: number
  next: string
  changed: string
  error: string
}

export interface DeliveryPage {
  channels: Text[]
  counts: { channel: string; channel_name: Text; state: string; n: number }[]
  items: DeliveryRow[]
  next: number
}
