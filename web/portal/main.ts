import { createApp } from 'vue'
import '../kit/base.css'
import { startTheme } from '../kit/theme'
import App from './App.vue'

startTheme()
createApp(App).mount('#app')
