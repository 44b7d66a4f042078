// intuit-oauth for node, Intuit's own client: from the consent to the end of access.
const assert = require('assert')
const OAuthClient = require('intuit-oauth')

const { SIMULATOR, REALM } = process.env

describe('intuit-oauth', () => {
  let client
  const company = (path) => `${SIMULATOR}/v3/company/${REALM}/${path}`

  const consented = async (scope) => {
    const page = `${client.authorizeUri({ scope, state: 'walk' })}&auto_consent=${REALM}`
    const answer = await fetch(page, { redirect: 'manual' })
    assert.strictEqual(answer.status, 302)
    return answer.headers.get('location')
  }

  beforeEach(async () => {
    const found = await (await fetch(`${SIMULATOR}/.well-known/openid_sandbox_configuration/`)).json()
    client = new OAuthClient({
      clientId: 'simulator-client',
      clientSecret: 'simulator-secret',
      environment: 'sandbox',
      redirectUri: 'http://localhost:8000/callback',
    })
    client.setAuthorizeURLs({
      authorizeEndpoint: found.authorization_endpoint,
      tokenEndpoint: found.token_endpoint,
      revokeEndpoint: found.revocation_endpoint,
      userInfoEndpoint: found.userinfo_endpoint,
    })
  })

  it('gets its tokens for a code, and the company with them', async () => {
    const back = await consented([OAuthClient.scopes.Accounting])
    assert.strictEqual(new URL(back).searchParams.get('state'), 'walk')
    const answer = await client.createToken(back)
    assert.strictEqual(answer.getToken().realmId, REALM)
    assert.ok(client.isAccessTokenValid())
    const read = await client.makeApiCall({ url: company(`companyinfo/${REALM}`) })
    assert.ok(read.json.CompanyInfo.CompanyName)
    assert.ok(read.headers.intuit_tid)
  })

  it('is refused a code that was used', async () => {
    const back = await consented([OAuthClient.scopes.Accounting])
    await client.createToken(back)
    await assert.rejects(client.createToken(back))
  })

  it('makes an invoice, and reads the fault of another as QuickBooks wrote it', async () => {
    await client.createToken(await consented([OAuthClient.scopes.Accounting]))
    const line = { Amount: 10, DetailType: 'SalesItemLineDetail', SalesItemLineDetail: { ItemRef: { value: '1' } } }
    const post = (body) => client.makeApiCall({ url: company('invoice?minorversion=75'), method: 'POST', body })
    const made = await post({ CustomerRef: { value: '1' }, Line: [line] })
    assert.strictEqual(made.json.Invoice.TotalAmt, 10)
    await assert.rejects(post({ Line: [line] }), (problem) => problem.faultType === 'ValidationFault' && problem.code === '2020')
  })

  it('renews, and ends its access', async () => {
    await client.createToken(await consented([OAuthClient.scopes.Accounting]))
    const before = client.getToken().access_token
    await client.refresh()
    assert.notStrictEqual(client.getToken().access_token, before)
    const { refresh_token: old, access_token: last } = client.getToken()
    await client.revoke({ refresh_token: old })
    client.setToken({ access_token: last })
    await assert.rejects(client.makeApiCall({ url: company(`companyinfo/${REALM}`) }), (problem) => problem.code === '401')
    await assert.rejects(client.refreshUsingToken(old))
  })
})
