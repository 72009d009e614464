import { createApp } from 'vue'
import '../../kit/base.css'
import { lang } from '../../kit/lang'
import { startTheme } from '../../kit/theme'
import Bench from './Bench.vue'

startTheme()
document.documentElement.lang = lang.value === 'en' ? 'en' : 'zh-CN'
createApp(Bench).mount('#app')
