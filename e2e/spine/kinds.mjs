// One matter of every kind, from its registration on the real form to its end: the
// office at a desk, leaders, liaisons and a town's clerk on phones. What a kind is
// made of is listed below; forms are filled in by the names of their fields.
//
//   node e2e/spine/kinds.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES] [KIND]
import assert from 'node:assert/strict'
import { DESK, PHONE, begin, choose, until } from '../browser.mjs'
import { bureau } from '../bureau.mjs'

const only = process.argv[5]
const walk = await begin()
const people = {}
const phones = ['zhou', 'shen', 'he', 'wu', 'luo', 'lu', 'sifa-l', 'sifa-h']
async function be(login) {
  people[login] ??= await walk.be(login, phones.includes(login) ? PHONE : DESK)
  return people[login]
}

/** Fills a form made from a schema; a value is a text, a list of texts to choose, or a list of rows. */
async function fill(page, root, prefix, values) {
  for (const [name, value] of Object.entries(values ?? {})) {
    const id = `#${prefix}-${name}`
    if (Array.isArray(value) && typeof value[0] === 'object') {
      for (const [i, row] of value.entries()) {
        const add = root.locator(`${id} .btn.small:not(.quiet)`)
        const label = row.role
        await (label ? add.filter({ hasText: label }) : add).first().click()
        const { role: _, ...cells } = row
        await fill(page, root, `${prefix}-${name}-${i}`, cells)
      }
      continue
    }
    const field = root.locator(id).first()
    const kind = await field.evaluate((e) => (e.classList.contains('choices') ? 'radio' : e.closest('.el-select') ? 'select' : e.tagName === 'SELECT' ? 'native' : e.type === 'checkbox' ? 'check' : 'text'))
    if (kind === 'radio') for (const text of [value].flat()) await field.locator('label').filter({ hasText: text }).first().click()
    else if (kind === 'native') await field.selectOption({ label: value })
    else if (kind === 'check') await field.check()
    else if (kind === 'select') {
      for (const text of [value].flat()) await choose(page, field, text)
      await page.keyboard.press('Escape')
    } else await field.fill(value)
  }
}

/** Registers a matter on its form and gives its id. */
async function register(login, kind, values, more) {
  const page = await be(login)
  await walk.go(page, '/register')
  await page.locator('ul.kinds a').first().waitFor()
  await page.locator(`a[href^="/register/${kind}"]`).click()
  const form = page.locator('main form')
  await form.waitFor()
  if (more?.leader) await choose(page, page.locator('#reg-leader'), more.leader)
  if (more?.unit) await choose(page, page.locator('#reg-unit'), more.unit)
  await fill(page, form, 'register', values)
  if (more?.alike) {
    await page.locator('.note.warning').filter({ hasText: '已有相似的登记' }).waitFor()
    await walk.look(page, `${kind}-alike`)
    await form.locator('button[type=submit]').click()
    await page.locator('.trouble').waitFor()
    await fill(page, form, 'register', { alike: more.alike })
  }
  await walk.look(page, `${kind}-register`)
  await form.locator('button[type=submit]').click()
  const done = page.locator('main .note.success')
  await done.waitFor()
  if (!more?.quick) await walk.prove(page, page.locator('main'))
  return Number((await page.getByRole('link', { name: /事项/ }).and(page.locator('a.btn.primary')).getAttribute('href')).split('/').pop())
}

/** One act of somebody on a matter or on one of its parts. */
async function act(login, matter, part, name, values, picture) {
  const lin = await be('lin')
  let id = matter
  if (part > 0) {
    await until(async () => (await walk.read(lin, `/api/matters/${matter}`)).children_rows.length >= part, `part ${part} of ${matter}`)
    id = (await walk.read(lin, `/api/matters/${matter}`)).children_rows[part - 1].id
  }
  const page = await be(login)
  await walk.go(page, `/matters/${id}`)
  const panel = page.locator('section.acts')
  await panel.locator('.buttons button').filter({ hasText: name }).first().click()
  const form = panel.locator('form')
  await form.waitFor()
  await fill(page, form, `act-${id}`, values)
  if (picture) await walk.look(page, picture)
  await form.locator('button[type=submit]').click()
  await panel.locator('.done[role=status]').waitFor()
}

const unit = (name, limit, role) => ({ ...(role ? { role } : {}), unit: name, ...(limit ? { limit } : {}) })
const lead = (limit) => [unit('市人社局', limit, '牵头')]
const day = '2026-11-20'
/** A unit's part that is taken back: the shortest end of 单位承办. */
const takenBack = (part) => [
  ['shen', part, '提出异议', { reason: '不属于我局职责，建议另行交办。' }],
  ['lin', part, '异议成立', { reason: '情况属实，收回。' }],
]
const replied = (part) => [
  ['shen', part, '签收'],
  ['shen', part, '落实承办人', { clerk: '吴桐' }],
  ['wu', part, '记录沟通情况', { talked: day, way: '登门走访', result: '当面听取了意见。' }, 'reply-talk'],
  ['wu', part, '提交答复稿', { class: 'A类', text: '经研究，答复如下：已完成改造并投入使用。' }, 'reply-draft'],
  ['he', part, '审签同意'],
  ['lin', part, '审核通过'],
  ['wu', part, '登记答复函', { ref: '澄人社函〔2026〕71号', sent: day }],
]
const within = (part) => [
  ['shen', part, '签收'],
  ['shen', part, '报送办理情况', { text: '已到现场办理完毕。', solved: '已解决' }, 'handling-report'],
  ['he', part, '审签同意'],
]
const proposal = (kind, who, word) => ({
  kind, by: 'tang', outcome: 'closed',
  given: { no: '0311', title: '关于增设新市民服务点的建议', proposer: '林代表', content: '建议在高新区增设新市民服务点，就近办理。' },
  acts: [
    ['lin', 0, '审核', { sort: '民生社会' }],
    ['lin', 0, '交办', { units: [unit('市人社局', '三个月', '主办')] }, `${kind}-assign`],
    ...replied(1),
    ['lin', 0, `录入${word}意见`, { verdict: '满意', way: '走访座谈', asked: day }, `${kind}-word`],
  ],
})

const kinds = [
  {
    kind: 'docket.incoming', by: 'tang', outcome: 'read', more: { alike: '不是同一件' },
    given: { from: '澜江省人力资源和社会保障厅', ref: '澜人社发[2026] 41号', title: '关于做好年底用工保障的通知', received: day, content: '请各市做好年底用工保障，及时报送情况。' },
    acts: [
      ['tang', 0, '初审通过', { sort: '阅件' }],
      ['tang', 0, '送传阅', { readers: ['周望山', '何清源'] }, 'incoming-readers'],
      ['zhou', 1, '已阅', null, 'incoming-read'],
      ['he', 2, '已阅', { words: '请办公室提出落实意见。' }],
    ],
  },
  {
    kind: 'docket.incoming', by: 'tang', outcome: 'answered', more: { quick: true },
    given: { from: '宁州市人民政府办公室', ref: '宁政办函〔2026〕93号', title: '关于商请互认社保缴费记录的函', received: day, content: '商请两市互认社会保险缴费记录，请函复。' },
    acts: [
      ['tang', 0, '初审通过', { sort: '办件' }],
      ['lin', 0, '提出拟办意见', { opinion: '建议市人社局研究提出意见。', units: lead('10') }, 'incoming-propose'],
      ['zhou', 0, '圈阅同意', null, 'incoming-circle'],
      ['lin', 0, '交办'], // the units were named before
      'bureau',
      ['tang', 0, '登记答复', { text: '同意互认，请确定对接联系人。', sent: day }],
    ],
  },
  proposal('docket.proposal', '代表', '代表'),
  proposal('docket.motion', '提案者', '提案者'),
  {
    kind: 'docket.resolution', by: 'tang', outcome: 'closed', more: { leader: '周望山' },
    given: { meeting: '市政府第37次常务会议', held: day, title: '研究稳就业措施', content: '会议议定，由市人社局牵头提出稳就业措施。' },
    acts: [['tang', 0, '核对无误'], ['lin', 0, '交办', { units: lead('10') }], ...takenBack(1), ['lin', 0, '呈报', { summary: '已由其他单位并案办理。' }], ['zhou', 0, '同意销号', null, 'resolution-settle']],
  },
  {
    kind: 'docket.letter', by: 'tang', outcome: 'solved', more: { quick: true }, // its receipt proves the letter without telling who wrote it
    given: { title: '反映小区门口路灯不亮', received: day, sort: '投诉', writer: '欧阳晓晴', phone: '13812345678', content: '路灯坏了一个月没有人修。' },
    acts: [
      ['tang', 0, '受理', { opinion: '属受理范围。' }],
      ['lin', 0, '交办', { units: [unit('市人社局', '15日', '牵头')] }],
      ...within(1),
      ['tang', 0, '登记答复', { text: '已修复路灯三盏。', way: '电话答复', sent: day }],
      'masked',
      ['tang', 0, '录入来信人意见', { solved: '已解决', asked: day, words: '亮了，谢谢。' }],
    ],
  },
  {
    kind: 'docket.difficulty', by: 'luo', outcome: 'solved',
    given: { title: '河道清淤土方无处堆放', content: '清淤土方约三千方，街道内没有堆放场地。', tried: '已在街道内找地，没有合适的。' },
    acts: [['lin', 0, '派单', { units: [unit('市人社局', '10日', '牵头')] }], ...within(1), ['luo', 0, '评价', { came: '到场', solved: '已解决', words: '当天就来了现场。' }, 'difficulty-rate']],
  },
  {
    kind: 'docket.seek', by: 'tang', outcome: 'granted', more: { leader: '周望山' },
    given: { title: '争取列入智慧就业试点', sort: '试点', organ: '省人力资源和社会保障厅', content: '我市基础较好，争取列入首批。' },
    acts: [
      ['zhou', 0, '同意争取', null, 'seek-approve'], ['lin', 0, '交办', { units: lead('10') }], ...takenBack(1), ['tang', 0, '登记上报', { ref: '澄政请〔2026〕31号', sent: day }],
      ['lin', 0, '记录进展', { words: '已当面汇报。', next: '2026-12-10' }], ['lin', 0, '登记上级答复', { result: '同意', words: '同意列入首批。' }], ['zhou', 0, '同意销号'],
    ],
  },
  {
    kind: 'docket.countersign', by: 'shen', outcome: 'signed',
    given: { title: '关于规范灵活用工的意见', content: '请核对执法协作条款。', units: [unit('市人社局', '3个工作日'), unit('市公安局', '2个工作日')] },
    acts: [
      ['tang', 0, '送会签'], ['he', 1, '同意', null, 'countersign-sign'], ['lu', 2, '不同意并说明', { dissent: '第七条没有依据，建议删去。' }, 'countersign-dissent'],
      ['lin', 0, '提请领导裁定', { points: '第七条是否保留。' }], ['zhou', 0, '作出裁定', { ruling: '删去第七条。' }, 'countersign-rule'], ['tang', 0, '会签完成', { taken: '第七条已删去。' }],
    ],
  },
  {
    kind: 'docket.special', by: 'tang', outcome: 'closed', more: { leader: '周望山' },
    given: { title: '办事窗口排队情况专项督查', ground: '指令', object: '市人社局', visit: '暗访', content: '社保窗口排队时间和叫号秩序。' },
    acts: [
      ['lin', 0, '报请立项', { opinion: '不发通知、不打招呼，直奔窗口。', ways: ['暗访', '调阅'], from: '2026-11-24', to: '2026-11-25', times: '1', days: '2', lead: '林岑', team: [{ person: '唐奕' }] }, 'special-plan'],
      'unseen',
      ['zhou', 0, '同意立项', null, 'special-approve'],
      ['lin', 0, '记录暗访情况', { facts: '排队四十分钟，叫号机停用。', evidence: '录像一段，存督查室。' }, 'special-visit'],
      'unseen',
      ['lin', 0, '告知并编号', { send: [unit('市人社局')].map((u) => ({ ...u, words: '已对窗口开展暗访，现予告知，请配合。' })) }, 'special-tell'],
      'seen',
      ['shen', 1, '签收', null, 'special-told'],
      ['lin', 0, '记录督查情况', { facts: '叫号机停用三天未报修。', evidence: '报修记录复印件。' }],
      ['lin', 0, '报请签发', { facts: '叫号机停用三天未报修。', evidence: '录像、报修记录。', rectify: '不需要', send: [{ unit: '市人社局', words: '叫号机停用三天未报修，已当场恢复。' }] }, 'special-conclude'],
      ['zhou', 0, '签发'],
      ['shen', 2, '签收'],
      ['he', 2, '申请复核', { reason: '已于前一日报修。' }, 'special-ask'],
      ['zhou', 0, '作出复核决定', { reviewers: [{ person: '秦朗' }], decision: '维持', reason: '报修记录显示未报修。' }, 'special-review'],
      ['lin', 0, '提出建议', { kind: '不提出' }],
      ['lin', 0, '呈报', { summary: '窗口秩序已恢复。' }],
      ['zhou', 0, '同意办结', null, 'special-settle'],
    ],
  },
  {
    kind: 'docket.decision', by: 'tang', outcome: 'decided',
    given: { title: '零工市场管理办法', host: '市人社局', sort: '重大公共政策', content: '规范零工市场管理。' },
    acts: [
      ['zhou', 0, '同意启动'], ['shen', 0, '提交决策草案', { summary: '草案共六章四十条。' }],
      ['shen', 0, '公开草案', { from: '2026-10-01', until: '2026-10-31', where: '市政府网站' }, 'decision-publish'],
      ['shen', 0, '不涉及专业技术问题', { reason: '不涉及专业技术。' }], ['shen', 0, '提交评估报告', { level: '低风险', summary: '风险可控。' }],
      ['shen', 0, '公布采纳情况', { count: '12', summary: '采纳五条，逐条说明。' }], ['shen', 0, '送合法性审查', { units: [unit('市司法局', '7个工作日')] }],
      ['sifa-l', 1, '审查通过', { opinion: '合法合规。' }, 'decision-legality'], ['sifa-h', 1, '审签同意'], ['tang', 0, '登记会议决定', { meeting: '市政府第38次常务会议', held: day, verdict: '通过', record: '一致同意。' }],
      ['shen', 0, '登记公布', { ref: '澄政发〔2026〕22号', sent: day, where: '市政府公报' }],
    ],
  },
]

const queue = '办事窗口排队情况'
const special = {
  // An unannounced visit is not in what its object may look at, and is once it is told.
  async unseen(id) {
    const shen = await be('shen')
    for (const path of ['/api/matters?all=1', `/api/matters?q=${queue}`, '/api/inbox?group=unit', '/api/board?kind=docket.special']) assert.ok(!JSON.stringify(await walk.read(shen, path)).includes(queue), `${path} shows an unannounced visit`)
    assert.equal((await walk.read(shen, `/api/matters/${id}`)).status, 404)
  },
  async seen() {
    const shen = await be('shen')
    assert.ok(JSON.stringify(await walk.read(shen, '/api/inbox')).includes(queue), 'what was told is in the inbox of its object')
    await walk.go(shen, '/')
    await shen.getByText(queue).first().waitFor()
    await walk.look(shen, 'special-inbox')
  },
  // The whole way of a part through the bureau, by phone.
  async bureau(id) {
    const lin = await be('lin')
    await bureau(walk, lin, (await walk.read(lin, `/api/matters/${id}`)).children_rows[0].id, '已研究，同意互认。')
  },
  // The writer's phone is masked, and shown to the office after a purpose is given.
  async masked(id) {
    const tang = await be('tang')
    await walk.go(tang, `/matters/${id}`)
    await tang.getByRole('tab', { name: '办理内容' }).or(tang.getByRole('link', { name: '办理内容' })).or(tang.getByRole('button', { name: '办理内容' })).first().click()
    assert.doesNotMatch(await tang.locator('main').textContent(), /13812345678|欧阳晓晴/)
    await tang.getByRole('button', { name: '查看联系电话' }).click()
    await tang.fill('#mask-phone', '回访来信人')
    await walk.look(tang, 'letter-masked')
    await tang.locator('form').filter({ has: tang.locator('#mask-phone') }).locator('button').click()
    await tang.getByText('13812345678').waitFor()
  },
}

try {
  let ended = 0
  for (const k of kinds.filter((k) => !only || k.kind === only)) {
    const id = await register(k.by, k.kind, k.given, k.more)
    for (const step of k.acts) {
      if (typeof step === 'string') await special[step](id)
      else await act(step[0], id, step[1], step[2], step[3], step[4])
    }
    const lin = await be('lin')
    await until(async () => (await walk.read(lin, `/api/matters/${id}`)).outcome === k.outcome, `${k.kind} ends as ${k.outcome}`)
    await walk.go(lin, `/matters/${id}`)
    await lin.locator('section.acts, main').first().waitFor()
    await walk.look(lin, `${k.kind}-ended`)
    ended++
  }
  console.log(`kinds: ${ended} matters of every kind from their registration to their end, on desk and phone; ${walk.looked} pages looked at, ${walk.proofs} receipts verified offline`)
} finally {
  await walk.end()
}
