// A file of statistics that the program misreads, and the person who corrects it:
// cells that cannot be read are named, columns with names that nobody knows are
// told what they are, rows and period are set right, and what was read is kept only
// then. Beside it sheets that lie otherwise and are read without help: cities
// across, and year and month in two columns.
//
//   node e2e/spine/sheet.mjs BASE_URL PASSWORD DIRECTORY_FOR_PICTURES|'' desk|phone
import assert from 'node:assert/strict'
import { DESK, PHONE, begin } from '../browser.mjs'
import { xlsx } from '../files.mjs'

const where = process.argv[5] ?? 'desk'
assert.ok(where === 'desk' || where === 'phone', 'desk or phone')
const walk = await begin()

const csv = (name, ...lines) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n') + '\n') })

/** Chooses a file; waits until it was read. */
async function choose(page, file) {
  await walk.go(page, '/observatory/import')
  await page.locator('main input[type=file]').setInputFiles(file)
  await read(page)
}
async function read(page) {
  await page.locator('main h2').filter({ hasText: '读出' }).first().waitFor()
  await page.locator('main [aria-busy=false]').waitFor()
}
const found = async (page) => Number(/读出 (\d+) 个数/.exec(await page.locator('main h2').first().textContent())[1])
const column = (page, c) => page.getByLabel(`${c} 列读作`)
/** Presses the button that reads again, and waits for the answer. */
async function again(page, name = '按改正的读法再读') {
  const answer = page.waitForResponse((r) => r.url().endsWith('/look') && r.request().method() === 'POST')
  await page.getByRole('button', { name }).click()
  assert.ok((await answer).ok(), 'the correction is understood')
  await read(page)
}
/** Opens the fields of rows and layout, unless the program left them open. */
async function more(page) {
  const fields = page.locator('main details').filter({ hasText: '表头、数据行和版式' })
  if (!(await fields.evaluate((d) => d.open))) await fields.locator('summary').click()
}
const bring = (page) => page.getByRole('button', { name: '导入，进入把关' })
/** Where a sample row comes from and what it says. */
const sample = (page) => page.locator('main section').filter({ hasText: /读出的头 \d+ 个数/ }).locator('tbody tr').allTextContents()

try {
  const tang = await walk.be('tang', where === 'desk' ? DESK : PHONE)

  // The period is nowhere, a name is not in the reference table, a letter stands for
  // a nought, the notes below hold figures of another kind.
  await choose(tang, csv(`快报-${where}.csv`,
    `经济运行快报（${where}）,,,`, '报送：市统计局,,,单位：亿元', '城市,工业产出,固投（万元）,完成率',
    '澄川市,1900.5,"2,150,000",98', '宁州市,1899,1O00000,97', '临澜市,1200,—,96', '抄送：市政府办公室,12,34,56'))
  const wrong = tang.locator('main .note.danger')
  await wrong.getByText('没有指明数据是哪一期的').waitFor()
  assert.ok(await bring(tang).isDisabled(), 'nothing is brought in while it cannot be read')
  await walk.look(tang, '01-misread')

  // The period is entered: what is wrong with single cells comes to light.
  await more(tang)
  await tang.getByLabel('数据时期').fill('2026-11')
  await again(tang)
  await wrong.getByText('C5').waitFor()
  await wrong.getByText('“1O00000”不是数字').waitFor()
  await tang.getByText('抄送：市政府办公室').first().waitFor()
  assert.ok(await bring(tang).isDisabled())
  await walk.look(tang, '02-cells')

  // The columns are told what they are; the last row is left out.
  assert.equal(await tang.getByText('没有认出数据是哪一期的').count(), 0, 'what was told is not asked for again')
  await column(tang, 'B').selectOption({ label: '规模以上工业增加值' })
  await column(tang, 'D').selectOption({ label: '不读' })
  await more(tang)
  await tang.getByLabel('数据到第几行').fill('6')
  await again(tang)
  assert.equal(await tang.getByText('工业产出').filter({ hasText: '指标' }).count(), 0, 'no name is unknown')
  await walk.look(tang, '03-corrected', false)

  // The slip is the bureau's: the column is left out, and comes with the next file.
  await column(tang, 'C').selectOption({ label: '不读' })
  await again(tang)
  assert.equal(await wrong.count(), 0, 'every cell is read')
  assert.equal(await found(tang), 3)
  const rows = await sample(tang)
  assert.ok(rows.some((r) => /B4/.test(r) && /澄川市/.test(r) && /规模以上工业增加值/.test(r) && /2026-11/.test(r) && /1,?900\.5/.test(r)), rows.join('\n'))

  // Back to how the program reads it, and the same corrections once more.
  await again(tang, '恢复自动识别')
  await wrong.getByText('没有指明数据是哪一期的').waitFor()
  await column(tang, 'B').selectOption({ label: '规模以上工业增加值' })
  for (const c of ['C', 'D']) await column(tang, c).selectOption({ label: '不读' })
  await more(tang)
  await tang.getByLabel('数据时期').fill('2026-11')
  await tang.getByLabel('数据到第几行').fill('6')
  await again(tang)
  await walk.look(tang, '04-right', false)
  await bring(tang).click()
  await tang.waitForURL(/\/observatory\/releases\/\d+/)
  const release = await walk.read(tang, `/api/observatory/releases/${new URL(tang.url()).pathname.split('/').pop()}`)
  assert.equal(release.cells, 3)
  assert.equal(release.newest, '2026-11')
  const note = tang.locator('main .note.success[role=status]').first()
  await note.locator('summary').click()
  await walk.prove(tang, note)

  // A workbook with cities across is read as it stands; a city that is written in a
  // way of its own is told which one it is.
  await choose(tang, xlsx(`各市-${where}.xlsx`, [
    ['2026年1—11月各市主要经济指标', '', '', '', ''], ['', '', '', '', '单位：亿元、%'], ['指标', '单位', '澄川市', '宁州', '第三市'],
    ['一、规模以上工业增加值', '亿元', '２，０８８．４', '2 070.5', '1311'], ['规模以上工业增加值增速', '%', '6.3', '-1.2%', '4'], ['二、固定资产投资', '万元', '2,150,000', '…', '—'], ['注：本表为快报数。', '', '', '', '']]))
  assert.equal(await tang.getByLabel('版式').inputValue(), 'across')
  assert.equal(await wrong.count(), 0)
  await tang.getByText('第三市').first().waitFor()
  assert.equal(await column(tang, 'C').locator('option:checked').textContent(), '澄川市')
  await column(tang, 'E').selectOption({ label: '临澜市' })
  await again(tang)
  assert.equal(await found(tang), 7, 'signs for no data are none')
  assert.equal(await tang.locator('main .note.warning').count(), 0, 'every name is known')
  assert.ok((await sample(tang)).some((r) => /C6/.test(r) && /215/.test(r)), 'the unit of the row counts')
  await walk.look(tang, '05-across', false)

  // Year and month in two columns, the year written once.
  await choose(tang, csv(`分月-${where}.csv`, '年份,月份,城市,社会消费品零售总额（亿元）', '2026,1—2月,澄川市,300', ',1—11月,澄川市,1900', ',13,澄川市,1'))
  await wrong.getByText('B4').waitFor()
  await wrong.getByText('不是可以识别的月份或季度').waitFor()
  assert.equal(await column(tang, 'B').locator('option:checked').textContent(), '月份或季度')
  await more(tang)
  await tang.getByLabel('数据到第几行').fill('3')
  await again(tang)
  assert.equal(await wrong.count(), 0)
  assert.equal(await found(tang), 2)
  await walk.look(tang, '06-two-columns', false)

  // Columns of periods, one of which the program takes for none: it is given one.
  await choose(tang, csv(`历年-${where}.csv`, '各市常住人口（万人）,,,', '城市,2024年,2025年,最新', '澄川市,731.2,735,736'))
  await tang.getByText('按现在的排法不读').waitFor()
  await column(tang, 'D').selectOption({ label: '一期的数' })
  await tang.getByLabel('D 列是哪一期').fill('2026年')
  await again(tang)
  assert.equal(await found(tang), 3)
  await walk.look(tang, '07-periods', false)
  console.log(`sheets (${where}): misread ones corrected by hand, others read as they lie; ${walk.proofs} receipt verified offline, ${walk.looked} pages looked at`)
} finally {
  await walk.end()
}
