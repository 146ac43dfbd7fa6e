// The live page: asks /api/summary each second and shows the answer. Text from traffic only ever enters as textContent.
const $ = (id) => document.getElementById(id)
const state = { token: sessionStorage.getItem('token') ?? '', endpointsAt: 0, switching: false, failedUntil: 0 }

const request = async (path, options = {}) => {
  const headers = { ...options.headers, ...(state.token ? { authorization: `Bearer ${state.token}` } : {}) }
  const response = await fetch(path, { ...options, headers, signal: AbortSignal.timeout(5000) })
  const body = await response.json().catch(() => ({}))
  if (response.status === 401) throw Object.assign(new Error('token'), { token: true })
  if (!response.ok) throw new Error(body.detail ?? `the console answered ${response.status}`)
  return body
}

const put = (id, text) => {
  const element = $(id)
  if (element.textContent !== text) element.textContent = text
}
const element = (tag, className, text) => {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}
const cell = (className, ...children) => {
  const td = element('td', className)
  td.append(...children)
  return td
}
const row = (...cells) => {
  const tr = element('tr')
  tr.append(...cells)
  return tr
}
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const percent = (share) => `${(share * 100).toFixed(share > 0.995 && share < 1 ? 1 : 0)} %`
const milliseconds = (ms) => (ms === null ? '–' : ms < 10 ? ms.toFixed(1) : compact.format(Math.round(ms)))
// As the sentence, the commands and the logs of servers tell it.
const clock = (time) => new Date(time).toISOString().slice(11, 19)

const showTiles = ({ last_minute: minute, fidelity, fidelity_count, endpoints }) => {
  put('rate', minute.rate < 10 ? minute.rate.toFixed(1) : compact.format(minute.rate))
  put('rate-note', `a second · ${compact.format(minute.total)} in all`)
  put('errors', compact.format(minute.errors))
  $('errors').classList.toggle('bad', minute.errors > 0)
  put(
    'errors-note',
    minute.ghost_answers > 0
      ? `without ghosts up to ${compact.format(minute.errors_without_ghosts)}`
      : 'in the last minute',
  )
  const { p95_ms: p95 } = minute
  put('p95', p95 === null ? '–' : p95 < 1000 ? `${milliseconds(p95)} ms` : `${(p95 / 1000).toFixed(1)} s`)
  put('ghosts', compact.format(minute.ghost_answers))
  $('ghosts').classList.toggle('some', minute.ghost_answers > 0)
  const kinds = Object.entries(minute.ghosts_by_kind).map(([kind, n]) => `${compact.format(n)} ${kind}`)
  put('ghosts-note', kinds.length > 0 ? kinds.join(' · ') : 'in the last minute')
  put('fidelity', fidelity === null ? '–' : percent(fidelity))
  put(
    'fidelity-note',
    fidelity === null ? 'not measured yet' : `right, in ${compact.format(fidelity_count)} silent trials`,
  )
  put('endpoints-note', endpoints === 0 ? '' : `${endpoints} learned`)
}

const bar = (className, x, y, height) => {
  const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  for (const [name, value] of Object.entries({ class: className, x, y, width: 8, height }))
    rect.setAttribute(name, String(value))
  return rect
}
const showChart = (series) => {
  const top = Math.max(1, ...series.map(({ count }) => count))
  const bars = series.flatMap(({ count, ghosts, errors }, i) => {
    if (count === 0) return [bar('base', i * 10 + 1, 78, 2)]
    const parts = [
      ['upstream', Math.max(0, count - ghosts - errors)],
      ['ghosts', ghosts],
      ['errors', errors],
    ]
    let y = 80
    return parts
      .filter(([, n]) => n > 0)
      .map(([name, n]) => {
        const height = (n / top) * 78
        y -= height
        return bar(name, i * 10 + 1, y, height)
      })
  })
  $('chart').replaceChildren(...bars)
  const most = Math.max(0, ...series.map(({ count }) => count))
  put('chart-note', most === 0 ? '' : `a bar is a second, the tallest ${compact.format(most)} requests`)
}

const NAMES = { upstream: 'backend', self: 'proxy', limiter: 'rate limit' }
const who = ({ answered_by, ghost_kind, ghost_confidence }) => {
  const sure = ghost_confidence === null ? '' : ` ${Math.round(ghost_confidence * 100)} %`
  const text = answered_by === 'ghost' ? `ghost · ${ghost_kind}${sure}` : (NAMES[answered_by] ?? answered_by)
  return element('span', `who ${answered_by}`, text)
}
const showRecent = (recent) => {
  $('recent-empty').hidden = recent.length > 0
  const rows = recent.map((x) => {
    const path = element('span', 'path', x.target)
    path.title = `${x.service}: ${x.target}`
    const badge = who(x)
    if (x.why) badge.title = x.why
    const status = x.status === 0 ? 'none' : String(x.status)
    const tone = x.status >= 500 || x.status === 0 ? ' bad' : x.status >= 400 ? ' warn' : ''
    return row(
      cell('time', clock(x.time)),
      cell('', element('span', 'method', x.method), path),
      cell(`number${tone}`, status),
      cell('', badge),
      cell('number', milliseconds(x.duration_ms)),
    )
  })
  $('recent').tBodies[0].replaceChildren(...rows)
}

const meter = (value) => {
  const made = element('meter')
  Object.assign(made, { min: 0, max: 1, low: 0.4, high: 0.7, optimum: 1, value, ariaLabel: 'fidelity' })
  return made
}
const showEndpoints = (items) => {
  $('endpoints-empty').hidden = items.length > 0
  const rows = items
    .toSorted((a, b) => b.count - a.count)
    .slice(0, 25)
    .map((e) => {
      const path = element('span', 'path', e.template)
      path.title = e.id
      const fidelity =
        e.fidelity === null ? [element('span', 'note', 'unmeasured')] : [meter(e.fidelity), percent(e.fidelity)]
      return row(
        cell('', element('span', 'method', e.method), path),
        cell('number', compact.format(e.count)),
        cell('number-left', ...fidelity),
      )
    })
  $('endpoints').tBodies[0].replaceChildren(...rows)
}

const against = (evaluation, name, tell) => {
  const found = evaluation.find(({ measure }) => measure === name)
  if (found === undefined) return cell('number', '–')
  const [tables, model] = [tell(found.tables), tell(found.model)]
  const made = cell('number', element('span', 'was', `${tables} → `), model)
  made.title = `tables ${tables}, model ${model}`
  return made
}
const ORIGINS = { prior: 'as shipped', tuned: 'shipped, trained on', own: 'trained here' }
const showModels = ({ items, inference }) => {
  $('models-empty').hidden = items.length > 0
  put(
    'models-note',
    inference === null ? 'tables → model' : `tables → model · takes ${inference.mean_ms.toFixed(3)} ms in the mean`,
  )
  const rows = items.map((m) => {
    const isUsed = m.state === 'published'
    const used = element('span', isUsed ? '' : 'note', isUsed ? (ORIGINS[m.origin] ?? m.origin) : 'the tables')
    used.title = isUsed ? `version ${m.evidence_version}, ${m.hash.slice(0, 12)}, trained on ${m.trained_on}` : m.reason
    const measures = [
      against(m.evaluation, 'calibration error', (x) => x.toFixed(3)),
      against(m.evaluation, 'log loss', (x) => x.toFixed(3)),
      against(m.evaluation, 'variant accuracy', (x) => `${(100 * x).toFixed(1)} %`),
    ]
    return row(
      cell('', m.service),
      cell('', used),
      cell('number', compact.format(m.held_back)),
      ...measures,
      cell('number', clock(m.updated_at)),
    )
  })
  $('models').tBodies[0].replaceChildren(...rows)
}

const showMode = (mode) => {
  if (state.switching) return
  for (const input of document.querySelectorAll('input[name=mode]')) input.checked = input.value === mode
  put('mode-note', mode === 'mixed' ? 'differs by service' : '')
}
const say = (name, text) => {
  // Who listens to the page hears of each turn once, not of each count.
  if ($('sentence').dataset.state !== name) put('turn', text)
  $('sentence').dataset.state = name
  put('sentence-text', text)
}
const show = (summary) => {
  $('token').hidden = true
  if (Date.now() >= state.failedUntil) say(summary.state, summary.sentence)
  document.title = summary.state === 'ghost' ? 'Ghosts answer · Chaos-Proxy' : 'Chaos-Proxy'
  showMode(summary.mode)
  showTiles(summary)
  showChart(summary.last_minute.series)
  showRecent(summary.recent)
}

const fail = (error) => {
  if (error.token) {
    say('lost', 'The console is locked.')
    put(
      'token-note',
      state.token && $('token').hidden ? 'That token is not the right one.' : $('token-note').textContent,
    )
    $('token').hidden = false
  } else
    say(
      'lost',
      error.name === 'TypeError' || error.name === 'TimeoutError'
        ? 'The console does not answer; trying again.'
        : error.message,
    )
}

const STAGES = {
  processors: 'The learners are',
  sinks: 'The database is',
  ghosts: 'The ghosts are',
  console: 'This page is',
}
/** What is a moment behind is at work; what is far behind stands still, or cannot keep up. */
const FAR = 500
const showPipeline = ({ stages }) => {
  const [worst] = stages.filter(({ stage }) => stage in STAGES).toSorted((a, b) => b.lag - a.lag)
  const isFar = worst !== undefined && worst.lag >= FAR
  put('pipeline-note', isFar ? `${STAGES[worst.stage]} ${compact.format(worst.lag)} events behind.` : '')
}

const refreshEndpoints = async () => {
  if (Date.now() - state.endpointsAt < 2000) return
  state.endpointsAt = Date.now()
  showPipeline(await request('/api/pipeline'))
  const { items } = await request('/admin/endpoints?limit=200')
  showEndpoints(items)
  showModels(await request('/api/models?limit=50'))
}
const refresh = async () => {
  try {
    if (!document.hidden) {
      show(await request('/api/summary'))
      await refreshEndpoints()
    }
  } catch (error) {
    fail(error)
  }
}
const loop = async () => {
  await refresh()
  setTimeout(loop, 1000)
}

$('mode').addEventListener('change', async ({ target }) => {
  state.switching = true
  state.failedUntil = 0
  $('mode').disabled = true
  try {
    await request('/api/mode', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ service: '*', mode: target.value }),
    })
  } catch (error) {
    fail(
      Object.assign(error, error.token ? {} : { message: `The mode is as it was: ${error.message}.`, name: 'Error' }),
    )
    state.failedUntil = Date.now() + 10_000
  }
  state.switching = false
  $('mode').disabled = false
  target.focus()
  await refresh()
})
$('token').addEventListener('submit', (event) => {
  event.preventDefault()
  state.token = $('token-input').value
  sessionStorage.setItem('token', state.token)
  $('token').hidden = true
  void refresh()
})
document.addEventListener('visibilitychange', () => void refresh())
void loop()
