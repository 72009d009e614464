import { createApp } from 'vue'
import '../kit/base.css'
import './element.css'
import { startTheme } from '../kit/theme'
import App from './App.vue'
import { router } from './router'

startTheme()
createApp(App).use(router).mount('#app')
// Without it the pages do not open offline; plain-http intranets have none.
void navigator.serviceWorker?.register('/sw.js').catch(() => undefined)
