-- SPDX-FileCopyrightText: The pam-smsotp authors
-- SPDX-License-Identifier: Apache-2.0
--
-- As much of the module of that name as a test of our client needs, made after its observed answers:
-- POST /rest/message/chat/JID and GET /rest/ping/DOMAIN, with the login by the name before the @.
-- It routes real stanzas, so that a real client receives what was posted.

local base64 = require "util.encodings".base64;
local jid = require "util.jid";
local json = require "util.json";
local st = require "util.stanza";
local url = require "util.http";
local usermanager = require "core.usermanager";

module:depends("http");

local function login(request)
	local header = request.headers.authorization;
	if not header then return nil, 401; end
	local user, password = (base64.decode(header:match("^Basic (.+)$") or "") or ""):match("^([^:]*):(.*)$");
	local is_known = user and usermanager.user_exists(user, module.host);
	if not is_known or not usermanager.test_password(user, module.host, password) then
		return nil, 403;
	end
	return jid.join(user, module.host);
end

local function body_of(request)
	local kind = request.headers.content_type or "";
	if kind:match("^text/plain") then return request.body; end
	if kind == "application/x-www-form-urlencoded" then
		return (url.formdecode(request.body) or {}).body;
	end
	if kind ~= "application/json" then return nil, 415; end
	local parsed = json.decode(request.body);
	if type(parsed) ~= "table" or type(parsed.body) ~= "string" then return nil, 400; end
	return parsed.body;
end

local function refuse(response, status)
	response.status_code = status;
	if status == 401 then response.headers.www_authenticate = 'Basic realm="rest"'; end
	return response:send("<html><body><h1>" .. status .. "</h1></body></html>");
end

-- An error that comes back becomes the reply, under HTTP 200; a message that nothing comes back for
-- was accepted.
local function post(event, path)
	local sender, refused = login(event.request);
	if not sender then return refuse(event.response, refused) or true; end
	local text, unusable = body_of(event.request);
	if not text then return refuse(event.response, unusable) or true; end
	local to = jid.prep(url.urldecode(path:match("^message/chat/(.*)$") or ""));
	if not to then return 202; end
	local answer;
	local origin = {
		type = "component", host = module.host, full_jid = sender,
		send = function(stanza) answer = stanza; return true; end,
	};
	prosody.core_post_stanza(origin, st.message({ type = "chat", from = sender, to = to }, text));
	if not answer then return 202; end
	event.response.headers.content_type = "application/json";
	local _, condition, words = answer:get_error();
	return json.encode({
		kind = "message", type = "error", from = to,
		error = { type = "cancel", condition = condition, text = words },
	});
end

local function ping(event, path)
	local sender, refused = login(event.request);
	if not sender then return refuse(event.response, refused) or true; end
	event.response.headers.content_type = "application/json";
	local is_here = prosody.hosts[url.urldecode(path)] ~= nil;
	if is_here then return json.encode({ kind = "iq", type = "result", ping = true }); end
	return json.encode({ kind = "iq", type = "error", error = { condition = "remote-server-not-found" } });
end

module:provides("http", {
	default_path = "/rest";
	route = { ["POST /*"] = post, ["GET /ping/*"] = ping };
});
