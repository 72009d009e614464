import type { Texts } from '../kit/lang'

/** The citizens' entrance. */
export const portal = {
  'title': ['{city}政务服务', '{city} services'],
  'plain': ['政务服务', 'City services'],
  'skip': ['跳到正文', 'Skip to the content'],
  'state.head': ['网上办事尚未建成', 'No service is built yet'],
  'state.text': ['本页将来用于群众办事。目前还没有一项服务可以在这里办理，我们不放不能用的入口。', 'Citizens will do their business here. Not one service can be done here yet, and we show no door that does not open.'],
  'plan.head': ['正在建设', 'Being built'],
  'plan.bundle': ['高效办成一件事：一次申请，最多跑一次', 'Bundled services: one application, at most one visit'],
  'plan.progress': ['办件进度：谁在办、到哪一天', 'Progress: who holds it, until which day'],
  'plan.data': ['谁看过我的数据', 'Who has looked at my data'],
  'plan.not': ['尚未建成', 'not built yet'],
  'meanwhile': ['在此之前，请到政务服务大厅办理，或拨打 12345。', 'Until then, please go to the service hall or call 12345.'],
  'feedback': ['投诉建议', 'Complaints and suggestions'],
  'feedback.text': ['对网站和服务的意见，请联系 {office}，或拨打 12345。', 'For complaints and suggestions, contact {office} or call 12345.'],
  'office': ['市政府办公室', 'the city government office'],
  'staff': ['工作人员登录', 'Staff sign-in'],
  'theme': ['配色', 'Colours'],
  'theme.system': ['随系统', 'As system'],
  'theme.light': ['浅色', 'Light'],
  'theme.dark': ['深色', 'Dark'],
} satisfies Texts
