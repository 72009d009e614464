// One matter of every kind, from its registration on the real form to its end, with
// everybody at a desk or everybody on a phone. What a kind is made of is listed
// below; forms are filled in by the names of their fields. A kind that only runs as
// a part of another is walked inside it; at the end no kind may be left over.
//
//   node e2e/spine/kinds.mjs BASE_URL PASSWORD DIRECTORY_FOR_PICTURES|'' desk|phone [KIND]
import assert from 'node:assert/strict'
import { DESK, PHONE, begin, choose, until } from '../browser.mjs'
import { bureau } from '../bureau.mjs'
import { docx, photo, xlsx } from '../files.mjs'

const [where, only] = process.argv.slice(5)
assert.ok(where === 'desk' || where === 'phone', 'desk or phone')
const desk = where === 'desk'
const size = desk ? DESK : PHONE
const walk = await begin()
const people = {}
async function be(login) {
  people[login] ??= await walk.be(login, size)
  return people[login]
}

/** Fills a form made from a schema; a value is a text, a list of texts to choose, a list of rows, or files. */
async function fill(page, root, prefix, values) {
  for (const [name, given] of Object.entries(values ?? {})) {
    const value = typeof given === 'function' ? await given() : given
    const id = `#${prefix}-${name}`
    if (name === 'files') {
      await root.locator(`${id} input[multiple]`).setInputFiles(value)
      for (const f of value) await root.locator(`${id} li`).filter({ hasText: f.name }).getByText('✓').waitFor()
      continue
    }
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

/** What was attached stands on the matter. */
async function attached(page, id, values) {
  const names = (await walk.read(page, `/api/attachments?subject=${id}`)).items?.map((f) => f.name) ?? []
  for (const f of values?.files ?? []) {
    assert.ok(names.includes(f.name), `${f.name} is attached to ${id}`)
    files++
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
  await walk.look(page, `${kind}-register`)
  await form.locator('button[type=submit]').click()
  const done = page.locator('main .note.success')
  const trouble = page.locator('.trouble')
  await done.or(trouble).first().waitFor()
  if (await trouble.count()) {
    await page.locator('.note.warning').filter({ hasText: '已有相似的登记' }).waitFor()
    await walk.look(page, `${kind}-alike`)
    await fill(page, form, 'register', { alike: '不是同一件' })
    await form.locator('button[type=submit]').click()
    await done.waitFor()
    alike++
  }
  if (!more?.quick) await walk.prove(page, page.locator('main'))
  const id = Number((await page.getByRole('link', { name: /事项/ }).and(page.locator('a.btn.primary')).getAttribute('href')).split('/').pop())
  await attached(page, id, values)
  return id
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
  await attached(page, id, values)
}

const queue = desk ? '办事窗口排队情况专项督查' : '办事窗口叫号秩序专项督查'
const scene = await photo(await be('lin'), '现场.jpg')
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
  ['wu', part, '提交答复稿', { class: 'A类', text: '经研究，答复如下：已完成改造并投入使用。', files: [docx('答复稿.docx', '经研究，答复如下。')] }, 'reply-draft'],
  ['he', part, '审签同意'],
  ['lin', part, '审核通过'],
  ['wu', part, '登记答复函', { ref: '澄人社函〔2026〕71号', sent: day }],
]
const within = (part) => [
  ['shen', part, '签收'],
  ['shen', part, '报送办理情况', { text: '已到现场办理完毕。', solved: '已解决', files: [scene] }, 'handling-report'],
  ['he', part, '审签同意'],
]
const named = (login) => async () => (await walk.read(await be(login), '/api/me')).person.name
/** A joint unit's part: its opinion for the lead unit. */
const advised = (part) => [
  ['lu', part, '签收'],
  ['lu', part, '落实承办人', { clerk: named('gongan-c1') }],
  ['gongan-c1', part, '提出会办意见', { opinion: '居住证窗口可以并入服务点，需增加一名辅警。' }, 'reply-opinion'],
  ['gongan-h', part, '审签同意'],
]
const proposal = (kind, who, word, joint) => ({
  kind, by: 'tang', outcome: 'closed',
  given: { no: '0311', title: '关于增设新市民服务点的建议', proposer: '林代表', content: '建议在高新区增设新市民服务点，就近办理。', files: [docx('原件.docx', '关于增设新市民服务点的建议')] },
  acts: [
    ['lin', 0, '审核', { sort: '民生社会' }],
    ['lin', 0, '交办', { units: [unit('市人社局', '三个月', '主办'), ...(joint ? [unit('市公安局', '30日', '会办')] : [])] }, `${kind}-assign`],
    ...(joint ? advised(2) : []),
    ...replied(1),
    ['lin', 0, `录入${word}意见`, { verdict: '满意', way: '走访座谈', asked: day }, `${kind}-word`],
  ],
})

/** A supervision that is announced, with what the kind asks at its beginning. */
const supervision = (kind, title, asks, rectify) => ({
  kind, by: 'tang', outcome: 'closed', more: { leader: '周望山' },
  given: { title, ground: '指令', object: '市人社局', visit: '事先告知', content: '服务窗口排队时间和一次办结情况。', ...asks },
  acts: [
    ['lin', 0, '报请立项', { opinion: '听取汇报，查阅记录，走访窗口。', ways: ['听取汇报', '调阅'], from: '2026-11-24', to: '2026-11-25', times: '1', days: '1', lead: '林岑', team: [{ person: '唐奕' }], files: [docx('督查方案.docx', '督查方案')] }],
    ['zhou', 0, '同意立项'],
    ['lin', 0, '告知并编号', { send: [{ unit: '市人社局', words: '定于近日开展督查，请配合并准备有关资料。' }] }],
    ['shen', 1, '签收', null, `${kind}-told`],
    ['lin', 0, '记录督查情况', { facts: '高峰时段平均等候三十五分钟。', evidence: '叫号系统记录。', files: [xlsx('叫号记录.xlsx', [['时段', '平均等候（分钟）'], ['9:00—11:00', '35']])] }, `${kind}-inspect`],
    ['lin', 0, '报请签发', { facts: '高峰时段等候偏长。', evidence: '叫号系统记录。', rectify: rectify ? '需要整改' : '不需要', send: [{ unit: '市人社局', words: '高峰时段等候偏长，请增开窗口。' }] }, `${kind}-conclude`],
    ['zhou', 0, '签发'],
    ['shen', 2, '签收'],
    ['he', 2, '接受结论', null, `${kind}-accepted`],
    ...(rectify ? [['lin', 0, '交办整改', { units: [unit('市人社局', '10', '牵头')] }, `${kind}-order`], ...takenBack(3), ['lin', 0, '整改到位', { summary: '已增开三个窗口，等候降至十分钟。' }]] : []),
    ['lin', 0, '提出建议', rectify ? { kind: '表扬', words: '建议通报表扬窗口调度做法。' } : { kind: '不提出' }],
    ...(rectify ? [['zhou', 0, '作出审批', { decision: '批准' }], ['lin', 0, '已通报', { summary: '已在办公室通报中表扬。' }]] : []),
    ['lin', 0, '呈报', { summary: '窗口秩序已恢复。' }],
    ['zhou', 0, '同意办结'],
  ],
})

const kinds = [
  {
    kind: 'docket.incoming', by: 'tang', outcome: 'read', alike: true,
    given: { from: '澜江省人力资源和社会保障厅', ref: '澜人社发[2026] 41号', title: '关于做好年底用工保障的通知', received: day, content: '请各市做好年底用工保障，及时报送情况。', files: [docx('来文.docx', '关于做好年底用工保障的通知')] },
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
      ['tang', 0, '登记答复', { text: '同意互认，请确定对接联系人。', sent: day, files: [docx('复函.docx', '关于互认缴费记录的复函')] }],
    ],
  },
  {
    kind: 'docket.followup', by: 'tang', outcome: 'closed', more: { leader: '周望山' },
    given: { title: '核实社保大厅午间服务', content: '请人社局核实午间是否有人值守，结果告我。' },
    acts: [
      ['lin', 0, '提出拟办意见', { opinion: '建议由市人社局办理。', units: lead('10') }, 'followup-propose'],
      ['zhou', 0, '同意立项', null, 'followup-approve'],
      ['lin', 0, '交办', { mode: '转' }, 'followup-assign'], // the units were named before
      'bureau',
      ['lin', 0, '呈报批示领导', { summary: '午间已安排两人值守。' }],
      ['zhou', 0, '无新批示', null, 'followup-settle'],
    ],
  },
  {
    kind: 'docket.commitment', by: 'tang', outcome: 'closed', more: { leader: '周望山' },
    given: { title: '新增公办托位一千个', content: '新增公办托位1000个。', source: '政府工作报告第四部分' },
    acts: [['lin', 0, '交办', { units: lead('20') }, 'commitment-assign'], ...takenBack(1), ['lin', 0, '呈报', { summary: '已由教育部门并入年度计划。' }], ['zhou', 0, '同意销号']],
  },
  proposal('docket.proposal', '代表', '代表'),
  proposal('docket.motion', '提案者', '提案者', true),
  {
    kind: 'docket.resolution', by: 'tang', outcome: 'closed', more: { leader: '周望山' },
    given: { meeting: '市政府第37次常务会议', held: day, title: '研究稳就业措施', content: '会议议定，由市人社局牵头提出稳就业措施。', files: [docx('会议纪要.docx', '会议议定事项')] },
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
    given: { title: '河道清淤土方无处堆放', content: '清淤土方约三千方，街道内没有堆放场地。', tried: '已在街道内找地，没有合适的。', files: [scene] },
    acts: [['lin', 0, '派单', { units: [unit('市人社局', '10日', '牵头')] }], ...within(1), ['luo', 0, '评价', { came: '到场', solved: '已解决', words: '当天就来了现场。' }, 'difficulty-rate']],
  },
  {
    kind: 'docket.seek', by: 'tang', outcome: 'granted', more: { leader: '周望山' },
    given: { title: '争取列入智慧就业试点', sort: '试点', organ: '省人力资源和社会保障厅', content: '我市基础较好，争取列入首批。' },
    acts: [
      ['zhou', 0, '同意争取', null, 'seek-approve'], ['lin', 0, '交办', { units: lead('10') }], ...takenBack(1), ['tang', 0, '登记上报', { ref: '澄政请〔2026〕31号', sent: day }],
      ['lin', 0, '记录进展', { words: '已当面汇报。', next: '2026-12-10' }], ['lin', 0, '登记上级答复', { result: '同意', words: '同意列入首批。', files: [docx('批复.docx', '同意列入首批')] }], ['zhou', 0, '同意销号'],
    ],
  },
  {
    kind: 'docket.countersign', by: 'shen', outcome: 'signed',
    given: { title: '关于规范灵活用工的意见', content: '请核对执法协作条款。', files: [docx('文稿.docx', '关于规范灵活用工的意见（会签稿）')], units: [unit('市人社局', '3个工作日'), unit('市公安局', '2个工作日')] },
    acts: [
      ['tang', 0, '送会签'], ['he', 1, '同意', null, 'countersign-sign'], ['lu', 2, '不同意并说明', { dissent: '第七条没有依据，建议删去。' }, 'countersign-dissent'],
      ['lin', 0, '提请领导裁定', { points: '第七条是否保留。' }], ['zhou', 0, '作出裁定', { ruling: '删去第七条。' }, 'countersign-rule'], ['tang', 0, '会签完成', { taken: '第七条已删去。' }],
    ],
  },
  {
    kind: 'docket.special', by: 'tang', outcome: 'closed', more: { leader: '周望山' },
    given: { title: queue, ground: '指令', object: '市人社局', visit: '暗访', content: '社保窗口排队时间和叫号秩序。' },
    acts: [
      ['lin', 0, '报请立项', { opinion: '不发通知、不打招呼，直奔窗口。', ways: ['暗访', '调阅'], from: '2026-11-24', to: '2026-11-25', times: '1', days: '2', lead: '林岑', team: [{ person: '唐奕' }] }, 'special-plan'],
      'unseen',
      ['zhou', 0, '同意立项', null, 'special-approve'],
      ['lin', 0, '记录暗访情况', { facts: '排队四十分钟，叫号机停用。', evidence: '录像一段，存督查室。', files: [scene] }, 'special-visit'],
      'unseen',
      ['lin', 0, '告知并编号', { send: [unit('市人社局')].map((u) => ({ ...u, words: '已对窗口开展暗访，现予告知，请配合。' })) }, 'special-tell'],
      'seen',
      ['shen', 1, '签收', null, 'special-told'],
      ['lin', 0, '记录督查情况', { facts: '叫号机停用三天未报修。', evidence: '报修记录复印件。' }],
      ['lin', 0, '报请签发', { facts: '叫号机停用三天未报修。', evidence: '录像、报修记录。', rectify: '不需要', send: [{ unit: '市人社局', words: '叫号机停用三天未报修，已当场恢复。' }] }, 'special-conclude'],
      ['zhou', 0, '签发'],
      ['shen', 2, '签收'],
      ['he', 2, '申请复核', { reason: '已于前一日报修。', files: [xlsx('报修记录.xlsx', [['日期', '事由'], ['11月22日', '叫号机报修']])] }, 'special-ask'],
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
      ['zhou', 0, '同意启动'], ['shen', 0, '提交决策草案', { summary: '草案共六章四十条。', files: [docx('草案.docx', '零工市场管理办法（草案）')] }],
      ['shen', 0, '公开草案', { from: '2026-10-01', until: '2026-10-31', where: '市政府网站' }, 'decision-publish'],
      ['shen', 0, '不涉及专业技术问题', { reason: '不涉及专业技术。' }], ['shen', 0, '提交评估报告', { level: '低风险', summary: '风险可控。' }],
      ['shen', 0, '公布采纳情况', { count: '12', summary: '采纳五条，逐条说明。' }], ['shen', 0, '送合法性审查', { units: [unit('市司法局', '7个工作日')] }],
      ['sifa-l', 1, '审查通过', { opinion: '合法合规。' }, 'decision-legality'], ['sifa-h', 1, '审签同意'], ['tang', 0, '登记会议决定', { meeting: '市政府第38次常务会议', held: day, verdict: '通过', record: '一致同意。' }],
      ['shen', 0, '登记公布', { ref: '澄政发〔2026〕22号', sent: day, where: '市政府公报' }],
    ],
  },
  supervision('docket.overall', '市人社局服务效能综合督查', {}, true),
  supervision('docket.event', '社保大厅停电排队事件调查', { event: '11月18日上午社保大厅停电两小时，排队百余人。' }),
  supervision('docket.clue', '反映窗口中午无人线索核查', { clue: '来电反映中午无人值守。', files: [docx('线索.docx', '中午无人值守')] }),
]

let [files, alike] = [0, 0]
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
    await bureau(walk, lin, (await walk.read(lin, `/api/matters/${id}`)).children_rows[0].id, '已研究，现将情况报上。', { size })
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

/** Every form one may begin with, empty, in English and dark. */
async function foreign() {
  const tang = await be('tang')
  await dress(tang, 'dark', 'en')
  for (const { kind } of await walk.read(tang, '/api/docket/kinds')) {
    await walk.go(tang, `/register/${kind}`)
    await tang.locator('main form').waitFor()
    assert.doesNotMatch(await tang.locator('main').innerText(), /[\u4e00-\u9fff]/, `${kind}: its English form speaks Chinese`)
    await walk.look(tang, `${kind}-form-en-dark`)
  }
  await dress(tang, 'light', 'zh')
}
const dress = (page, theme, lang) => page.evaluate(([t, l]) => {
  localStorage.setItem('touyan.theme', t)
  localStorage.setItem('touyan.lang', l)
}, [theme, lang])

try {
  const began = Date.now()
  const lin = await be('lin')
  if (!only) await foreign()
  const walked = new Set()
  let ended = 0
  for (const k of kinds.filter((k) => !only || k.kind === only)) {
    const id = await register(k.by, k.kind, k.given, k.more)
    if (k.alike) assert.ok(alike > 0, 'an earlier document like it was shown')
    for (const step of k.acts) {
      if (typeof step === 'string') await special[step](id)
      else await act(step[0], id, step[1], step[2], step[3], step[4])
    }
    await until(async () => (await walk.read(lin, `/api/matters/${id}`)).outcome === k.outcome, `${k.kind} ends as ${k.outcome}`)
    for (const part of (await walk.read(lin, `/api/matters/${id}`)).children_rows) walked.add(part.kind)
    walked.add(k.kind)
    await walk.go(lin, `/matters/${id}`)
    await lin.locator('section.acts, main').first().waitFor()
    await walk.look(lin, `${k.kind}-ended`)
    await dress(lin, 'dark', 'en')
    await lin.reload()
    await lin.locator('section.acts, main').first().waitFor()
    await walk.look(lin, `${k.kind}-ended-en-dark`)
    await dress(lin, 'light', 'zh')
    ended++
  }
  // A procedure is drafted on a screen of its own: spine/procedure walks that.
  const left = (await walk.read(lin, '/api/definitions')).map((d) => d.kind).filter((k) => k.startsWith('docket.') && k !== 'docket.procedure' && !walked.has(k))
  if (!only) assert.deepEqual(left, [], 'every kind is walked')
  console.log(`kinds, ${desk ? 'at a desk' : 'on a phone'}: ${ended} matters from their registration to their end, ${walked.size} kinds with those that are parts; ${files} files attached, ${walk.looked} pages looked at, ${walk.proofs} receipts verified offline, ${Math.round((Date.now() - began) / 1000)} s`)
} finally {
  await walk.end()
}
