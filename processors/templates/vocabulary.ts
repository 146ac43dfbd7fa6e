/**
 * Words that authors of HTTP APIs put into paths: resources, actions, parts of computing and business. Singular, lower
 * case. A word that is here is weak evidence for a literal, a word that is not is weak evidence for a value.
 */
const WORDS = `
a about abuse accept access account ack acl acknowledge across action activate active activity actor ad add addon address
adjust adjustment admin administrator advance advanced advert affiliate after agenda agent aggregate aggregation agreement
airport alarm album alert alias align all allocate allocation allow allowance alter alternative amendment amount analysis
analytic analytics analyze analyse and annotation announcement answer any api app appeal appearance append application
apply appointment approval approve archive area arrival article artifact artist asset assign assignee assignment assistant
associate association async attach attachment attempt attendance attendee attestation attribute attribution auction audience
audio audiobook audit auth authenticate authentication author authorization authorize authority auto autocomplete availability
available avatar award aws azure
back backend background backup badge balance ban bank banner bar barcode base basic basket batch beacon beneficiary best
beta bid bill billing bin binary binding bio biography birthday blob block blocklist blog board body bonus book booking
bookmark bootstrap bot bounce box branch brand breakdown broadcast broker browse browser bucket budget bug build builder
building bulk bundle business button buy by
cache calculate calculation calendar call callback campaign cancel cancellation candidate capability capacity capture card
cargo carrier cart case cash catalog catalogue categorie category census center certificate chain challenge change changelog channel
chapter character charge chargeback chart chat check checkin checkout checkpoint checksum child children choice chunk cidr
circle city claim class classification classify clean cleanup clear click client clinic clip clone close closed cloud
cluster code codec coin collaborator collection color colour column combination command comment commerce commit committee common
community company compare comparison compatibility complete completion compliance component compose compute computer concept
condition conditional conference config configuration configure confirm confirmation conflict connect connection connector
connectivity consent console constraint consume consumer consumption contact contain container contains content contest
context contract contribution contributor control conversation conversion convert cookie copy core corpus correction cost
count counter counterparty country county coupon course court cover coverage crawl create creation creator credential credit
criteria crop cron crypto csv cube currency current cursor custom customer customize cycle
daily dashboard data database dataset datasource datastore date datum day deactivate deal debit debug decision declaration
decline decode decrypt decrypt dedicated default definition delay delegate delegation delete deleted delivery demand demo
demographic demote department departure dependency dependencie dependent deploy deployment deposit deprecated depth derivative
describe description design desktop destination destroy detach detail details detect detection developer device diagnostic
diagram dictionary diff digest dimension direct direction directive directory disable disabled disaster discard disconnect
discount discover discovery discuss discussion disease disk dismiss dispatch display dispute distance distribution district
division dns do doc docker docs document domain donate donation download draft drain drive driver drop dry duplicate duration
dynamic
early earning echo economy edge edit edition editor education effect effective egg elastic election element email embed
embedding emoji employee employment empty enable enabled encode encoding encounter encrypt end endorsement endpoint energy
engagement engine english enquiry enrich enroll enrollment ensure enterprise entertainment entitlement entity entry entrie
env environment episode equipment error escalate escalation estimate ethnicity eval evaluate evaluation event evidence evolution
example exception exchange exclude exclusion exec execute execution executor exist exists expand expansion expense experience
experiment expert expiration expire explore export expose expression extend extension external extract extraction
fact factor fail failed failover failure family faq fare favicon favorite favourite fax feature featured fee feed feedback
fetch field file filing filter finance financial find finding fine finish firewall firmware first fix flag flavor fleet flight
flow flush folder follow follower following font food force forecast foreground forget fork form format formula forum forward
fragment frame fraud free freeze frequency friend friendship from front fulfillment full function fund funding funnel future
gallery game gateway gender gene general generate generation generator genre geo geocode geocoding geofence geography geometry
geolocation get gif gift git giveaway global glossary goal good google grade grant graph graphic graphql grid group growth
guarantee guest guide guild
habitat handle handler handshake hardware hash head header headline health healthcheck healthz heartbeat heatmap height hello
help helper hidden hide hierarchy highlight history hit hold holder holding holiday home hook host hosting hotel hour hourly
house household housing how html http https hub human hybrid
icon id idea identification identifier identify identity idle ignore image immediate impact implementation import impression
in inactive inbound inbox incident include income incoming increment incremental index indicator individual industry
info information infrastructure ingest ingestion ingredient inherit init initialize initiate initiative inline input inquiry
insert insight inspect inspection install installation instance instant institution instruction instrument insurance
integration intent interact interaction interest interface internal international internet interpret interval interview
intraday introspect inventory invitation invite invoice invoke ip issue issuer item itinerary
job join journal journey json just
keep key keyboard keyring keyword kick kill kind kit knowledge kpi kyc
label lab lag lambda land landing language last late latency latest launch law layer layout lead leader leaderboard leaf league
learn learning lease leave ledger legacy legal legend lesson letter level liability library libraries license licence life
lifecycle like limit line lineage link linked list listener listing live livestream load loan local locale location lock log
logger logging login logo logout logs long lookup loop lost loyalty lyric
machine macro magazine mail mailbox mailing main maintenance make manage managed management manager manifest manual
manufacturer map mapping margin mark marker market marketing marketplace mask master match matching material matrix
measure measurement media medical medication meet meeting member membership memo memory mention menu merchant merge message
messaging meta metadata metafield method metric middleware migrate migration milestone minimum minute mirror mission missing
mobile mock mod mode model moderate moderation moderator modifier modify module moment monitor monitoring month monthly more
mortgage most motor mount move movement movie multi multimedia multipart multiple music mute my myself
name namespace nat nation native nature navigation nearby nearest negotiate neighbor neighborhood network new news newsletter next
nft nickname node nonce normalize note notebook notice notification notify now nullable number numeric nutrition
oauth oauth2 object objective observation occupation occurrence odata of offer office official offline offset oidc on onboarding
one online opcache open openapi opened opening operation operator opportunity opt optimization optimize option optional or
order ordering org organisation organization organizer origin original other out outage outbound outbox outcome outgoing
outlet output over overlay overlap overview override own owned owner ownership
pack package page pagination pair palette panel parameter parent park parking parse part participant participation partition
partner party pass passenger passcode password past patch path patient pattern pause paused pay payer payload payment payout paypal
payroll peer penalty pending people percent percentile performance period permalink permission permit person persona personal
personalization pet phase phone photo php physical picture pin ping pipeline place placement plan planet platform play player
playback playground playlist plugin podcast point policy poll pool popular popularity population port portal portfolio
position post postal postcode poster power practice precheck predict prediction preference preferred prefix premium prepare
prescription presence present preset press prevent preview previous price pricing primary principal print printer priority
privacy private privilege prize probe problem procedure process processor procurement produce producer product production
profession profile profit program programme progress project projection promo promote promotion prompt proof property
propertie proposal prospect protect protection protocol provider provision provisioning proxy prune public publication publish
publisher pull purchase purge purpose push put
qr qualification quality quantity quarter query queue quick quiz quota quotation quote question
race random range rank ranking rate rating ratio raw react reaction read reader readiness ready real realm realtime reason
reassign reassignment rebuild recall receipt receive recent recipe recipient recommend recommendation reconcile
reconciliation record recording recover recovery recurring recycle redeem redirect redo reduce refer reference referral refresh
refund refuse regenerate region regional register registration registry regression regulation reindex reject rejection relate
related relation relationship relative release reload reminder remote removal remove rename render renew renewal rent rental
reopen reorder repair repeat replace replacement replay replica replication replicas reply replie report reporter reporting repo repository
repositorie representation representative reprocess request require requirement reroute reschedule research reseller reservation reserve
reset resend reset resident resize resolution resolve resolver resource response rest restart restaurant restore restrict
restriction result resume retail retention retrieve retry return reveal revenue reverse revert review reviewer revision revoke
reward right ring risk robot role roll rollback rollup room root rotate rotation round route router routing row rule run runner running
runtime
safe safety salary sale salesforce saml sample sampling sandbox satellite save saved scale scan scene schedule scheduled
scheduler schema scheme school scope score screen screening screenshot script season seat second secret section sector secure
security seed segment select selection self sell seller send sender sensor sentiment sequence serial series server serverless service
session set setting settlement setup severity shape shard share shared sheet shell shift ship shipment shipping shop shopping
short shortcut show shutdown sibling side sign signal signature signed signin signup silence sim similar simple simulate
simulation simulator since single site sitemap size skill skip skipped sku slack slice slot slug small smart snapshot snippet snooze social
socket software sold solution sort source space spam spec special species specification spectrum speech speed spend split spool
spot sprint sql square ssh ssl sso stack staff stage staging stake standard standing star start starred starter stat state
statement static station statistic stats status statuse step stock stop storage store story storie strategy stream streaming street
strength string structure student studio style sub subaccount subcategory subdomain subject submission submit subnet subscribe
subscriber subscription subscriptions subset suggest suggestion suite sum summarize summary supplier supply support surcharge
survey suspend suspended suspension swagger swap swarm switch symbol sync synchronization synchronize synonym syntax system
tab table tag target task tax taxe taxonomy team technology telemetry telephone template temporary tenant term terminal terminate
territory test text theme thread threat threshold throttle thumbnail ticket tier tile time timeline timeout timer timeseries
timestamp timezone tip title to today todo toggle token tool top topic topology total touch tour tournament trace track tracker
tracking trade trader trading traffic trail trailer train training transaction transcript transcription transfer transform
transformation transit transition translate translation transport trash travel treatment tree trend trending trial trigger
trip truck trunk trust tunnel tutorial tv tweet two type typing
ui unarchive unassign unban unblock undelete undo unfollow unique unit university unlink unlock unmute unpause unpin unpublish
unread unregister unsubscribe unwatch upcoming update upgrade upload upsert uptime url usage use used user username utility utilities
util
vacancy valid validate validation validator value variable variant variation vault vector vehicle vendor venue verification
verify version vertical video view viewer violation virtual visibility visible vision visit visitor visual vocabulary voice
void volume volunteer vote voter voucher vpc vpn vulnerability
wait waiting wallet warehouse warning warranty watch watcher watchlist wave weather web webhook webinar website week weekly
weight well where whitelist who whoami widget wiki window wish wishlist with withdraw withdrawal word work worker workflow
workload workplace workspace world write writer
xml year yearly yesterday you your zip zone zoom
ability bluetooth ice im usergroup mpim dnd conv rtm permalink sha json ws df auth2 sip voicemail sms mms whatsapp fee
statistics analytics canonical citation compatible emergency gist gitignore iam jwk jwks ldap lfs lint markdown meetup mfa
milestones nonprofit notary otp owasp pdf pgp playable podcasts pokemon pose preauth prerequisite presign prices pubkey pubsub
recaptcha redact resync rfc rss scim scrobble sdk semver shortlink siem sla smtp soap ssh subnets subtitle swf tor totp tts
txt udp unit upc urls vat vcard vm wallpaper wav wsdl xls xlsx yaml zipcode zones
`

/** Never values of a parameter, whatever stands beside them: names that frameworks and authors give to actions and views. */
const RESERVED = `
me self search batch bulk count counts export import new edit current latest all stats status summary health healthz login
logout signup register me mine default metadata schema schemas list lists query filter autocomplete suggest suggestions
settings preferences config configuration version versions index upload uploads download downloads preview validate verify
trending popular recent top random archive archived active inactive pending history metrics info recover restore reset
refresh token tokens oauth callback webhook webhooks aggregate create update delete remove add copy move lookup find compare
sync refresh ids exists unread totals findByStatus findByTags batchGet batchCreate $metadata $count $batch $value - _search
_bulk _count _all _mapping _doc
`

const words = (text: string): Set<string> => new Set(text.split(/\s+/).filter((word) => word !== ''))

const vocabulary = words(WORDS)
const reserved = words(RESERVED)

export const isReserved = (segment: string): boolean => reserved.has(segment)

/** The word itself, then without the endings that English puts on nouns and verbs. */
const stems = (word: string): string[] => {
  const out = [word]
  if (word.endsWith('ies')) out.push(`${word.slice(0, -3)}y`)
  if (word.endsWith('es')) out.push(word.slice(0, -2))
  if (word.endsWith('s')) out.push(word.slice(0, -1))
  if (word.endsWith('ed')) out.push(word.slice(0, -2), word.slice(0, -1))
  if (word.endsWith('ing')) out.push(word.slice(0, -3), `${word.slice(0, -3)}e`)
  if (/(?:er|or|ly)$/.test(word)) out.push(word.slice(0, -2))
  return out
}

/** What English sets before a word: `disassociate`, `preview`. */
const PREFIX = /^(?:auto|co|de|dis|inter|mis|multi|non|over|pre|re|sub|super|trans|un|under)(?=[a-z]{4})/
/** Endings of Latin make: terms that authors coin, hardly names that users give. */
const TERM = /^[a-z]{4,}(?:tion|sion|ment|ity|ance|ence|able|ible|ive|ize|ized|ise|ised|ator|ology|graphy|ical|ness)s?$/

const isKnown = (word: string): boolean =>
  stems(word).some((stem) => vocabulary.has(stem) || vocabulary.has(stem.replace(PREFIX, ''))) || TERM.test(word)

/** `nearbysearch`, `accountnumber`: known words of three letters or more, written as one. */
const isCompound = (word: string): boolean => {
  const reach: boolean[] = [true]
  for (let end = 2; end <= word.length; end++) {
    reach[end] = false
    for (let start = Math.max(0, end - 16); start <= end - 2 && !reach[end]; start++) {
      const part = word.slice(start, end)
      reach[end] = reach[start] === true && (part.length > 2 ? isKnown(part) : LINKS.has(part))
    }
  }
  return reach[word.length] === true
}
const LINKS = new Set(['to', 'by', 'of', 'in', 'on', 'id', 'or', 'up'])

export const isVocabulary = (word: string): boolean =>
  isKnown(word) || (word.length > 5 && word.length < 40 && isCompound(word))

/** Each word once: what letters follow which in names that people read. */
export const vocabularyWords = (): Iterable<string> => vocabulary
