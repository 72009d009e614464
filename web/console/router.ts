import { createRouter, createWebHistory } from 'vue-router'
import { offline } from './api'
import { refreshMe, session } from './session'
import { t, type Key } from './t'
import TodayView from './views/TodayView.vue'

const open = { open: true } // reachable without signing in

export const router = createRouter({
  history: createWebHistory('/'),
  scrollBehavior: (_to, _from, saved) => saved ?? undefined,
  routes: [
    { path: '/', component: TodayView, meta: { title: 'nav.today' } },
    { path: '/login', component: () => import('./views/LoginView.vue'), meta: { title: 'login.title', ...open } },
    { path: '/setup', component: () => import('./views/SetupView.vue'), meta: { title: 'setup.title', ...open } },
    { path: '/matters', component: () => import('./views/MattersView.vue'), meta: { title: 'nav.matters' } },
    { path: '/matters/:id(\\d+)', component: () => import('./views/MatterView.vue'), meta: { title: 'nav.matters' } },
    { path: '/matters/:id(\\d+)/print', component: () => import('./views/PrintView.vue'), meta: { title: 'paper.title' } },
    { path: '/papers/:id(\\d+)', component: () => import('./views/PaperView.vue'), meta: { title: 'paper.title' } },
    { path: '/briefs', component: () => import('./views/BriefView.vue'), meta: { title: 'nav.briefs' } },
    { path: '/board', component: () => import('./views/BoardView.vue'), meta: { title: 'nav.board' } },
    { path: '/tree/:id(\\d+)', component: () => import('./views/TreeView.vue'), meta: { title: 'tree.title' } },
    { path: '/enter', component: () => import('./views/EnterView.vue'), meta: { title: 'nav.enter' } },
    { path: '/register', component: () => import('./views/KindsView.vue'), meta: { title: 'register.title' } },
    { path: '/register/:kind([a-z.]+)', component: () => import('./views/RegisterView.vue'), meta: { title: 'register.title' } },
    { path: '/instructions/:id(\\d+)', component: () => import('./views/InstructionView.vue'), meta: { title: 'instruction.title' } },
    { path: '/confirm', component: () => import('./views/ConfirmView.vue'), meta: { title: 'nav.confirm' } },
    { path: '/imports', component: () => import('./views/ImportsView.vue'), meta: { title: 'nav.imports' } },
    { path: '/imports/:id(\\d+)', component: () => import('./views/ImportView.vue'), meta: { title: 'nav.imports' } },
    { path: '/observatory', component: () => import('./views/WatchView.vue'), meta: { title: 'nav.watch' } },
    { path: '/observatory/facts', component: () => import('./views/FactsView.vue'), meta: { title: 'facts.title' } },
    { path: '/observatory/facts/:id(\\d+)', component: () => import('./views/FactView.vue'), meta: { title: 'fact.title' } },
    { path: '/observatory/releases', component: () => import('./views/ReleasesView.vue'), meta: { title: 'releases.title' } },
    { path: '/observatory/releases/:id(\\d+)', component: () => import('./views/ReleaseView.vue'), meta: { title: 'releases.title' } },
    { path: '/observatory/indicators/:code', component: () => import('./views/IndicatorView.vue'), meta: { title: 'watch.indicator' } },
    { path: '/observatory/releases/:id(\\d+)/:list(doubts|found|changed|retracted|lapsed|confirmed|revised)', component: () => import('./views/ReleaseListView.vue'), meta: { title: 'release.lists' } },
    { path: '/observatory/import', component: () => import('./views/FiguresView.vue'), meta: { title: 'figures.title' } },
    { path: '/observatory/compare', component: () => import('./views/CompareView.vue'), meta: { title: 'compare.title' } },
    { path: '/observatory/changes', component: () => import('./views/ChangesView.vue'), meta: { title: 'changes.title' } },
    { path: '/observatory/changes/:list(changed|retracted|lapsed|confirmed|revised)', component: () => import('./views/ReleaseListView.vue'), meta: { title: 'changes.title' } },
    { path: '/observatory/claims', component: () => import('./views/ClaimsView.vue'), meta: { title: 'claims.title' } },
    { path: '/observatory/notes', component: () => import('./views/NotesView.vue'), meta: { title: 'notes.title' } },
    { path: '/observatory/notes/new', component: () => import('./views/NoteWriteView.vue'), meta: { title: 'notes.new' } },
    { path: '/observatory/notes/:id(\\d+)', component: () => import('./views/NoteView.vue'), meta: { title: 'notes.title' } },
    { path: '/observatory/notes/:id(\\d+)/write', component: () => import('./views/NoteWriteView.vue'), meta: { title: 'notes.editTitle' } },
    { path: '/observatory/evaluations', component: () => import('./views/EvaluationsView.vue'), meta: { title: 'eval.title' } },
    { path: '/observatory/evaluations/new', component: () => import('./views/FreezeView.vue'), meta: { title: 'eval.new' } },
    { path: '/observatory/evaluations/:id(\\d+)', component: () => import('./views/EvaluationView.vue'), meta: { title: 'eval.title' } },
    { path: '/observatory/abroad', component: () => import('./views/AbroadView.vue'), meta: { title: 'abroad.title' } },
    { path: '/observatory/reference', component: () => import('./views/ReferenceView.vue'), meta: { title: 'reference.title' } },
    { path: '/wall', component: () => import('./views/WallView.vue'), meta: { title: 'wall.title', bare: true } },
    { path: '/units', component: () => import('./views/UnitsView.vue'), meta: { title: 'nav.units' } },
    { path: '/definitions', component: () => import('./views/DefinitionsView.vue'), meta: { title: 'nav.definitions' } },
    { path: '/definitions/write', component: () => import('./views/WriteView.vue'), meta: { title: 'write.title' } },
    { path: '/definitions/:kind', component: () => import('./views/DefinitionView.vue'), meta: { title: 'nav.definitions' } },
    { path: '/process/:kind', component: () => import('./views/ProcessView.vue'), meta: { title: 'process.see' } },
    { path: '/lead', component: () => import('./views/LeadView.vue'), meta: { title: 'nav.lead' } },
    { path: '/record', component: () => import('./views/RecordView.vue'), meta: { title: 'nav.record' } },
    { path: '/verify', component: () => import('./views/VerifyView.vue'), meta: { title: 'nav.verify', ...open } },
    { path: '/story', component: () => import('./views/StoryView.vue'), meta: { title: 'nav.story' } },
    { path: '/account', component: () => import('./views/AccountView.vue'), meta: { title: 'nav.account' } },
    { path: '/security', component: () => import('./views/SecurityView.vue'), meta: { title: 'nav.security' } },
    { path: '/clients', component: () => import('./views/ClientsView.vue'), meta: { title: 'nav.clients' } },
    { path: '/audit/reads', component: () => import('./views/ReadsView.vue'), meta: { title: 'nav.reads' } },
    { path: '/notices', component: () => import('./views/NoticesView.vue'), meta: { title: 'notice.title' } },
    { path: '/admin/deliveries', component: () => import('./views/DeliveriesView.vue'), meta: { title: 'deliveries.title' } },
    { path: '/delegations', component: () => import('./views/DelegationsView.vue'), meta: { title: 'delegations.title' } },
    { path: '/handover/:id(\\d+)', component: () => import('./views/HandoverView.vue'), meta: { title: 'handover.name' } },
    { path: '/duties', component: () => import('./views/DutiesView.vue'), meta: { title: 'duties.title' } },
    { path: '/more', component: () => import('./views/MoreView.vue'), meta: { title: 'nav.more' } },
    { path: '/feedback', component: () => import('./views/FeedbackView.vue'), meta: { title: 'nav.feedback', ...open } },
    { path: '/:rest(.*)*', component: () => import('./views/LostView.vue'), meta: { title: 'lost.title', ...open } },
  ],
})

router.beforeEach(async (to) => {
  if (!session.known) {
    try {
      await refreshMe()
    } catch {
      return true // the shell shows that the server cannot be reached
    }
  }
  if (session.me.needs_setup) return to.path === '/setup' ? true : '/setup'
  if (to.path === '/setup') return '/'
  if (!session.me.signed_in && !to.meta.open) return { path: '/login', query: to.fullPath === '/' ? {} : { back: to.fullPath } }
  // Whoever must set a one-time code up can do nothing else before.
  if (session.me.must_enrol && !to.meta.open && to.path !== '/account') return '/account'
  return true
})

router.afterEach((to) => {
  document.title = `${t((to.meta.title as Key) ?? 'app.name')} · ${t('app.name')}`
})

// After an update the old pages' pieces are gone from the server: fetch the new page whole.
router.onError((error, to) => {
  if (!offline.value && /import|fetch|load/i.test(String(error))) location.assign(to.fullPath)
})
