// The observatory (三盯): shapes of its API as the screens use them, and its calls.
import type { Text } from '../../kit/lang'
import { call, exported, withQuery, type Query } from './call'
import type { Id, Receipt } from './types'

/** A subject, indicator or peer set. */
export interface Coded {
  code: string
  name: Text
}

export interface Somebody {
  id: Id
  name: string
}

/** What an act made, and its receipt. */
export interface Acted {
  id: Id
  pos: number
  receipt: Receipt
}

export interface IndicatorRow extends Coded {
  unit: Text
  polarity: 'larger' | 'smaller' | 'neutral'
  /** Of the months since January. */
  cumulative: boolean
  rate: boolean
}

export interface PeerSet extends Coded {
  kind: string
  members: string[]
}

/** What is held of one frequency: 1, 4 or 12 periods a year. */
export interface FreqOverview {
  freq: number
  name: Text
  first: string
  last: string
  vintage: string
  indicators: IndicatorRow[]
  subjects: Coded[]
  peers: PeerSet[]
  vintages: string[]
}

export interface Overview {
  home: Coded
  waiting: number
  freqs: FreqOverview[]
  may_work: boolean
}

export type ReleaseState = 'waiting' | 'published' | 'dropped'

export interface ReleaseRow {
  id: Id
  name: string
  freq: number
  freq_name: Text
  vintage: string
  newest: string
  state: ReleaseState
  state_name: Text
  cells: number
  brought: string
  brought_by: Somebody
  published: string
  published_by: Somebody
  facts_found: number
  facts_changed: number
  facts_retracted: number
}

export type DoubtState = 'waiting' | 'held' | 'kept' | 'break' | 'noted'

/** A cell that the quality gate noticed. */
export interface Doubt {
  indicator: Coded
  subject: Coded
  time: string
  period: number
  value: number
  /** 0 when its neighbours make nothing likely. */
  expected: number
  unit: Text
  rule: string
  rule_text: Text
  state: DoubtState
  state_name: Text
  reason: string
  decided: string
  decided_by: Somebody
  line: number
  column: string
  before: { time: string; value: number | null }[]
}

/** A published figure that a file changes. */
export interface Revision {
  indicator: Coded
  subject: Coded
  time: string
  before: number
  after: number
  percent: number
  final: boolean
}

/** A page of a list; of what the gate noticed with how many there are in each state. */
export interface Paged<T> {
  rows: T[]
  total: number
  page: number
  pages: number
  states?: Partial<Record<DoubtState, number>>
}

/** A told fact that a release made read differently. */
export interface ChangedRow {
  fact: FactRow
  was: Text
  is: Text
  why: Text[]
}

/** The lists of a release. */
export type ReleaseList = 'doubts' | 'found' | ShiftList

/** What releases made of what was known before: a release's, or of all between two days. */
export type ShiftList = 'changed' | 'retracted' | 'lapsed' | 'confirmed' | 'revised'

export interface Shifts {
  revised: Paged<Revision>
  differ: Paged<ChangedRow>
  broken: Paged<FactRow>
  lapsed: Paged<FactRow>
  /** Told by earlier rules, and true by the new ones. */
  confirmed: Paged<FactRow>
}

/** A release with the first page of each of its lists. */
export interface ReleasePage extends ReleaseRow, Shifts {
  sha256: string
  doubts: Paged<Doubt>
  undecided: number
  news: Paged<FactRow>
  file: Id
  may_work: boolean
}

/** How a sheet lies in a file; rows and columns count from 0, -1 for none. */
export interface Shape {
  Layout: string
  Head: number
  First: number
  Last: number
  SubjectCol: number
  TimeCol: number
  PartCol: number
  IndicatorCol: number
  ValueCol: number
  Subject: string
  Indicator: string
  Period: string
  Columns: Record<string, string> | null
  Subjects: Record<string, string> | null
  Periods: Record<string, string> | null
  Cumulative: boolean
  Scale: Record<string, number> | null
  Shift: Record<string, number> | null
}

export interface ImportInput {
  file: string
  name: string
  sheet?: number
  shape?: Shape
  vintage?: string
  first?: boolean
}

export interface Remark {
  cell: string
  text: Text
}

/** What an uploaded file holds; nothing of it was kept. */
export interface Look {
  sheets: string[]
  sheet: number
  head: string[][]
  shape: Shape
  notes: Remark[]
  wrong: Remark[]
  wrong_more: number
  unknown: { cell: string; kind: 'subject' | 'indicator'; name: string; count: number; total: boolean; near: Coded[] }[]
  freq: number
  freq_name: Text
  cells: number
  fresh: number
  same: number
  revised: Revision[]
  /** Such figures that are not listed. */
  revised_more: number
  doubts: Doubt[]
  sample: { indicator: Coded; subject: Coded; time: string; value: number; unit: Text; provisional: boolean; cell: string }[]
  vintage: string
}

export interface FactRow {
  id: Id
  text: Text
  kind: string
  inferential: boolean
  indicator: Coded
  subject: Coded | null
  peers: Coded | null
  freq: number
  time: string
  since: string
  value: number
  unit: Text
  margin: number | null
  robustness: number | null
  score: number
  provisional: boolean
  complete: boolean
  vintage: string
  definition: string
  /** Lapsed: no figure changed, but the rules or its target did. */
  state: 'stands' | 'retracted' | 'lapsed'
  state_name: Text
  /** Of an inferential fact, adjusted for all that was tested with it; of a target the chance to reach it. */
  q: number | null
  tested: number
  /** Version of the rules it was found by. */
  rules: number
  release: Id
  ended: Id
  why: Text[]
}

export interface Evidence {
  indicator: Coded
  subject: Coded
  time: string
  value: number
  unit: Text
  /** Nothing in it for what was computed. */
  source: { file?: string; line?: number; column?: string }
  release: Id
}

/** A figure that a fact rests on: the file it was read from, and what it is now. */
export interface Ground extends Evidence {
  file: Id
  /** null when the gate keeps it out. */
  now: number | null
}

/** Something that happened; `pos` is its receipt's. */
export interface HistoryRow {
  pos: number
  at: string
  what: Text
  by: Somebody
}

export interface NoteRow {
  id: Id
  title: string
  author: Somebody
  written: string
  /** Quotes whose fact was retracted. */
  broken: number
}

export interface FactPage extends FactRow {
  rarity: number
  importance: number
  novelty: number
  evidence: Ground[]
  basis: ReleaseRow
  broken_by: ReleaseRow | null
  history: HistoryRow[]
  notes: NoteRow[]
  led: { matter: Id; at: string }[]
  may_work: boolean
}

/** Figures of a subject; null where none was published or the gate keeps it out. */
export interface SeriesRow extends Coded {
  values: (number | null)[]
  /** Places in values. */
  provisional: number[]
  held: number[]
}

export interface ForecastRow {
  labels: string[]
  point: number[]
  lower_80: number[]
  upper_80: number[]
  lower_95: number[]
  upper_95: number[]
  origins: number
  smape: number
  first: number[]
  keep: number[]
}

/** What an indicator is to reach, and how it stands today. */
export interface TargetRow {
  id: Id
  by: string
  growth: boolean
  value: number
  goal: number | null
  chance: number | null
  off: number
  text: Text | null
  source: string
  matter: Id
  set: string
  set_by: Somebody
}

/** A subject that stands out on several indicators together. */
export interface FewRow {
  subject: Coded
  match: number
  text: Text
}

export interface TargetInput {
  freq: number
  indicator: string
  subject: string
  by: string
  growth: boolean
  value: number
  source: string
  matter?: Id
}

export interface IndicatorPage extends IndicatorRow {
  freq: number
  freq_name: Text
  vintage: string
  subject: Coded
  peers: Coded
  sets: Coded[]
  labels: string[]
  series: SeriesRow[]
  ranks: (number | null)[]
  observed: number[]
  to_leader: (number | null)[]
  to_next: (number | null)[]
  to_chaser: (number | null)[]
  breaks: { time: string; text: Text }[]
  forecast: ForecastRow | null
  revisions: { time: string; steps: { vintage: string; release: Id; value: number; provisional: boolean }[] }[]
  facts: Paged<FactRow>
  source: string
  vintages: string[]
  /** Of the subject, in force. */
  targets: TargetRow[]
}

export interface CompareCell {
  value: number | null
  rank: number | null
  growth: number | null
  provisional: boolean
  held: boolean
}

export interface ComparePage {
  freq: number
  peers: Coded
  time: string
  times: string[]
  vintage: string
  home: string
  indicators: IndicatorRow[]
  rows: (Coded & { cells: CompareCell[] })[]
}

/** What lies between two days, with the first page of each list. */
export interface ChangesPage extends Shifts {
  from: string
  to: string
  fresh: number
}

/** A release with what it says that stands. */
export interface TodayRow {
  release: ReleaseRow
  facts: Paged<FactRow>
}

/** GeoJSON whose features have the properties code and name. */
export interface MapData {
  type: 'FeatureCollection'
  features: { type: 'Feature'; properties: { code: string; name: string }; geometry: unknown }[]
}

export type Verdict = 'agrees' | 'disagrees' | 'ambiguous' | 'no_data'

/** What a draft says, held to the figures. */
export interface Claim {
  /** From 1, over the whole draft. */
  n: number
  kind: string
  verdict: Verdict
  name: Text
  why: Text
  evidence: Evidence[]
}

export interface ClaimPiece {
  text: string
  claim: Claim | null
}

export interface ClaimPage {
  lines: { n: number; pieces: ClaimPiece[] }[]
  /** Claims by verdict; none of a verdict is not named. */
  counts: Partial<Record<Verdict, number>>
}

export interface NotePage extends NoteRow {
  /** With quotes as {{fact 123}}. */
  body: string
  pieces: { text: string; fact: FactRow | null }[]
  history: HistoryRow[]
  /** Whoever asks wrote it. */
  may_write: boolean
}

export type Method = 'sc' | 'sdid' | 'did'
export type Expectation = 'rise' | 'fall' | 'change'
export type Grade = 'evidence' | 'insufficient' | 'opposite'

export interface EvaluationRow {
  id: Id
  title: string
  treated: Coded
  outcome: Coded
  from: string
  method: Method
  frozen: string
  frozen_by: Somebody
  /** Empty while nobody has seen a result. */
  computed: string
  grade: Grade | ''
  verdict: Text | null
}

export interface Question {
  freq: number
  indicator: string
  peers: string
  vintage: string
  method: Method
  file?: { sha256: string; name: string; unit: string; time: string; outcome: string }
  basis?: Id
  why: string
  protocol: { outcome: string; treated: string; from: string; since: string; until: string; donors: string[]; exclude: string[]; expect: Expectation }
}

export interface Certificate {
  kkt_residual: number
  sum_error: number
  least_weight: number
  iterations: number
}

/** What one method gives under a protocol; times and units as the protocol's. */
export interface EffectResult {
  estimate: number
  standard_error: number | null
  p: number
  p_rule: string
  smallest_possible_p: number
  rmspe_rank: number
  rmspe_rank_of: number
  pre_rmspe: number
  post_rmspe: number
  rmspe_ratio: number
  kkt_residual: number
  weights: Record<string, number>
  time_weights: Record<string, number>
  certificate: Certificate
  time_certificate?: Certificate
  pre_periods: number
  post_periods: number
  donors: number
  path: { time: string; observed: number; synthetic: number; gap: number }[]
  placebos: { unit: string; estimate: number; pre_rmspe: number; gap?: number[] }[]
  leave_one_out: { unit: string; estimate: number }[]
  in_time_placebo: { from: string; estimate: number; p: number } | null
  unused_units: { unit: string; reason: string; missing_cells?: number }[] | null
  unused_periods: string[] | null
  verdict: { grade: Grade; zh: string; en: string; reasons: Text[] }
}

export interface EvaluationPage extends EvaluationRow {
  question: Question
  protocol_sha256: string
  unit: Text
  /** Of the units, by code. */
  names: Record<string, string>
  result: EffectResult | null
  /** The effect in per cent of what would have been. */
  percent: number | null
  history: HistoryRow[]
  may_work: boolean
}

export interface FreezeInput {
  title: string
  freq?: number
  indicator?: string
  file?: string
  file_name?: string
  unit_column?: string
  time_column?: string
  value_column?: string
  peers?: string
  vintage?: string
  method: Method
  basis?: Id
  why: string
  treated: string
  from: string
  since?: string
  until?: string
  exclude?: string[]
  expect: Expectation
}

export type AbroadSort = 'policy' | 'announcement' | 'forum' | 'exchange' | 'cooperation'

export interface AbroadRow {
  id: Id
  day: string
  place: string
  sort: AbroadSort
  sort_name: Text
  title: string
  content: string
  lesson: string
  source: string
  entered: string
  entered_by: Somebody
  led: { matter: Id; at: string }[] | null
}

export interface AbroadInput {
  day: string
  place: string
  sort: AbroadSort
  title: string
  content: string
  lesson?: string
  source: string
}

export type ReferenceSort = 'subject' | 'indicator' | 'peers'
/** A row of a table of reference: column → text. */
export type ReferenceRow = Record<string, string>

const at = '/api/observatory'
const get = <R>(path: string, query?: Query) => call<R>('GET', withQuery(at + path, query))
const post = <R>(path: string, body: unknown, key?: string) => call<R>('POST', at + path, body, key)

export const observatory = {
  overview: () => get<Overview>(''),
  today: (subject: string) => get<TodayRow[]>('/today', { subject }),
  facts: (query: Query) => get<Paged<FactRow>>('/facts', query),
  fact: (id: Id) => get<FactPage>(`/facts/${id}`),
  releases: (query: Query) => get<Paged<ReleaseRow>>('/releases', query),
  /** A list of a release, or of the releases between the days that the query names. */
  list: (id: Id, list: ReleaseList, query: Query) => {
    const own = list === 'doubts' || list === 'changed' || list === 'revised'
    return get<Paged<Doubt | FactRow | ChangedRow | Revision>>(`${id ? `/releases/${id}` : '/changes'}/${own ? list : 'facts'}`, own ? query : { ...query, of: list })
  },
  release: (id: Id) => get<ReleasePage>(`/releases/${id}`),
  look: (body: ImportInput) => post<Look>('/look', body),
  bring: (body: ImportInput, key: string) => post<Acted>('/releases', body, key),
  decide: (id: Id, body: { indicator: string; subject: string; period: number; keep: boolean; reason: string }, key: string) => post<Acted>(`/releases/${id}/decide`, body, key),
  publish: (id: Id, key: string) => post<Acted>(`/releases/${id}/publish`, {}, key),
  drop: (id: Id, reason: string, key: string) => post<Acted>(`/releases/${id}/drop`, { reason }, key),
  indicator: (code: string, query: Query) => get<IndicatorPage>(`/indicators/${encodeURIComponent(code)}`, query),
  compare: (query: Query) => get<ComparePage>('/compare', query),
  /** Saves the comparison as a workbook and tells its receipt. */
  exportComparison: (query: Query) => exported(at + '/compare.xlsx', query),
  changes: (query: Query) => get<ChangesPage>('/changes', query),
  map: () => get<MapData | null>('/map'),
  claims: (body: { text?: string; file?: string; name?: string }) => post<ClaimPage>('/claims', body),
  notes: (query: Query) => get<Paged<NoteRow>>('/notes', query),
  note: (id: Id) => get<NotePage>(`/notes/${id}`),
  writeNote: (id: Id, body: { title: string; body: string }, key: string) => post<Acted>(id ? `/notes/${id}` : '/notes', body, key),
  evaluations: (query: Query) => get<Paged<EvaluationRow>>('/evaluations', query),
  evaluation: (id: Id) => get<EvaluationPage>(`/evaluations/${id}`),
  freeze: (body: FreezeInput, key: string) => post<Acted>('/evaluations', body, key),
  compute: (id: Id, key: string) => post<Acted>(`/evaluations/${id}/compute`, {}, key),
  few: (q: { freq: number; peers: string; period?: string; of: string; as_of?: string }) => get<FewRow[]>(withQuery('/few', q)),
  setTarget: (body: TargetInput, key: string) => post<Acted>('/targets', body, key),
  withdrawTarget: (id: Id, reason: string, key: string) => post<Acted>(`/targets/${id}/withdraw`, { reason }, key),
  abroad: (query: Query) => get<Paged<AbroadRow>>('/abroad', query),
  development: (id: Id) => get<AbroadRow>(`/abroad/${id}`),
  enterAbroad: (body: AbroadInput, key: string) => post<Acted>('/abroad', body, key),
  reference: (sort: ReferenceSort) => get<ReferenceRow[]>(`/reference/${sort}`),
  enterReference: (sort: ReferenceSort, table: string, key: string) => post<Acted>(`/reference/${sort}`, { table }, key),
}
