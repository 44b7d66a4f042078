// What a user of node-quickbooks sets: the app, the company, and where QuickBooks is.
const fs = require('fs')
const config = require('node-quickbooks/config')
const QuickBooks = require('node-quickbooks')

const { SIMULATOR, REALM, ACCESS_TOKEN, REFRESH_TOKEN } = process.env

Object.assign(config, {
  consumerKey: 'simulator-client',
  consumerSecret: 'simulator-secret',
  token: ACCESS_TOKEN,
  refreshToken: REFRESH_TOKEN,
  tokenSecret: false,
  oauthversion: '2.0',
  realmId: REALM,
  testEmail: 'somebody@example.com',
})
QuickBooks.V3_ENDPOINT_BASE_URL = `${SIMULATOR}/v3/company/`
QuickBooks.TOKEN_URL = `${SIMULATOR}/oauth2/v1/tokens/bearer`
QuickBooks.REVOKE_URL = `${SIMULATOR}/v2/oauth2/tokens/revoke`

// Its tests read two lists that its repository makes and its package leaves out: every query and every report it has.
const methods = Object.keys(QuickBooks.prototype)
const { capitalize, pluralize } = QuickBooks.prototype
const singular = (find) =>
  [find.replace(/ies$/, 'y'), find.replace(/es$/, ''), find.replace(/s$/, '')].find((one) => pluralize(capitalize(one)) === find)
const queries = methods.filter((name) => name.startsWith('find')).map((name) => singular(name.slice('find'.length)))
const reports = methods.filter((name) => name.startsWith('report')).map((name) => name.slice('report'.length))
fs.mkdirSync('build', { recursive: true })
fs.writeFileSync('build/query.txt', queries.join('\n'))
fs.writeFileSync('build/report.txt', reports.join('\n'))
