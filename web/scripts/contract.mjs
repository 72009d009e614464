// Holds the screens' types against the OpenAPI document of a running program:
// what the server sends must fit what the screens read, and what the screens
// send must fit what the server takes.
//
//   node scripts/contract.mjs http://127.0.0.1:8080
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import openapi, { astToString } from 'openapi-typescript'

const [base] = process.argv.slice(2)
if (!base) {
  console.error('usage: node scripts/contract.mjs BASE_URL')
  process.exit(2)
}
const out = 'test-results/contract'
mkdirSync(out, { recursive: true })
writeFileSync(`${out}/openapi.ts`, astToString(await openapi(new URL('/api/openapi.json', base))))

// ours: the server's
const reads = {
  Me: "S['WebMe']", Inbox: "S['DocketInbox']", 'Page<T.Row>': "S['DocketPage']", Board: "S['DocketBoard']", Matter: "S['DocketDetail']", TreeNode: "S['DocketNode']",
  Provenance: "S['DocketProvenance']", PaperMenu: "S['DocketPaperMenu']", PaperView: "S['DocketPaperSheet']", PaperPage: "S['DocketPaperPage']", PaperDone: "S['DocketIssuedAnswer']", Receipt: "S['AuditIssued']", Verdict: "S['DocketVerdict']",
  DefinitionRow: "S['DocketDefRow']", Definition: "S['DocketDefPage']", Unit: "S['DocketUnitRow']", Person: "S['DocketPersonRow']",
  Revised: "S['DocketRevised']", ImportRow: "S['DocketIntakeRow']", Import: "S['DocketIntakePage']", Instruction: "S['DocketInstruction']", Openable: "S['DocketOpenable']",
  ProcedureTemplate: "S['DocketTemplate']", DraftPage: "S['DocketDraftPage']", Demo: "S['DemoState']", Tamper: "S['DemoFound']", ActDone: "S['DocketActed']",
  Process: "S['DocketProcessPage']", Lead: "S['DocketLeadPage']", RecordPage: "S['DocketRecordPage']", Help: "S['DocketHelpPage']", HelpState: "S['DocketHelpState']",
}
// The observatory's, whose types stand in a file of their own.
const observed = {
  Overview: "S['ObservatoryOverview']", ReleaseRow: "S['ObservatoryReleaseRow']", ReleasePage: "S['ObservatoryReleasePage']", Look: "S['ObservatoryLookPage']", FactRow: "S['ObservatoryFactRow']",
  ClaimPage: "S['ObservatoryClaimPage']", NoteRow: "S['ObservatoryNoteRow']", NotePage: "S['ObservatoryNotePage']", EvaluationRow: "S['ObservatoryEvaluationRow']", EvaluationPage: "S['ObservatoryEvaluationPage']", AbroadRow: "S['ObservatoryAbroadRow']",
  FactPage: "S['ObservatoryFactPage']", IndicatorPage: "S['ObservatoryIndicatorPage']", ComparePage: "S['ObservatoryComparePage']", ChangesPage: "S['ObservatoryChangesPage']", Acted: "S['ObservatoryActed']",
}
const sends = { ProposalAct: "S['RevisionInputBody']" }
const lines = [
  "import type { components } from './openapi'",
  "import type * as T from '../../console/api/types'",
  "import type * as O from '../../console/api/observatory'",
  "type S = components['schemas']",
  'type Fits<_Wide, _Narrow extends _Wide> = true',
  // Loose: where the document says only "object", or nothing, the screens know more, and a list
  // is documented as nullable but sent as a list. Wide: ours may name the words of
  // an enumeration that the document calls a string.
  'type List<X> = Extract<X, unknown[]> extends never ? X : NonNullable<X>',
  'type Open<X> = unknown extends X ? any : string extends keyof NonNullable<X> ? any : X',
  'type Loose<X> = X extends (infer E)[] ? Loose<List<E>>[] : X extends object ? { [K in keyof X]: Loose<List<Open<X[K]>>> } : X',
  'type Wide<X> = X extends string ? string : X extends number ? number : X extends boolean ? boolean : X extends (infer E)[] ? Wide<E>[] : X extends object ? { [K in keyof X]: Wide<X[K]> } : X',
  ...Object.entries(reads).map(([ours, server], i) => `export type Reads${i} = Fits<Wide<T.${ours}>, Loose<${server}>>`),
  ...Object.entries(observed).map(([ours, server], i) => `export type Observed${i} = Fits<Wide<O.${ours}>, Loose<${server}>>`),
  ...Object.entries(sends).map(([ours, server], i) => `export type Sends${i} = Fits<Loose<${server}>, T.${ours}>`),
]
writeFileSync(`${out}/check.ts`, lines.join('\n') + '\n')
writeFileSync(`${out}/tsconfig.json`, JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: { noUnusedLocals: false, types: [] }, include: ['.'] }))
try {
  execFileSync('node_modules/.bin/tsc', ['--noEmit', '-p', out], { stdio: 'inherit' })
} catch {
  process.exit(1)
}
console.log(`contract: ${Object.keys(reads).length + Object.keys(observed).length + Object.keys(sends).length} shapes fit`)
