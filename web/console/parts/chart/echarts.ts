// The parts of ECharts in use. Only ever imported with import(): it weighs more
// than everything else a page fetches.
import { BarChart, CustomChart, LineChart, MapChart, ScatterChart } from 'echarts/charts'
import { GeoComponent, GridComponent, MarkLineComponent, TitleComponent, TooltipComponent } from 'echarts/components'
import { init, registerMap, use } from 'echarts/core'
import { LabelLayout } from 'echarts/features'
import { SVGRenderer } from 'echarts/renderers'

use([BarChart, CustomChart, LineChart, MapChart, ScatterChart, GeoComponent, GridComponent, MarkLineComponent, TitleComponent, TooltipComponent, LabelLayout, SVGRenderer])

export { init, registerMap }
