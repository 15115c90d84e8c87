-- SPDX-FileCopyrightText: The pam-smsotp authors
-- SPDX-License-Identifier: Apache-2.0
--
-- As much of the module of that name as a test of our client needs, made after its observed answers:
-- POST /msg/JID, with the login by the whole address. It routes real stanzas, and what is wrong with
-- them later is lost.

local base64 = require "util.encodings".base64;
local jid = require "util.jid";
local json = require "util.json";
local st = require "util.stanza";
local url = require "util.http";
local usermanager = require "core.usermanager";

module:depends("http");

local function login(request)
	local header = request.headers.authorization or "";
	local user, password = (base64.decode(header:match("^Basic (.+)$") or "") or ""):match("^([^:]*):(.*)$");
	if not user then return nil, 401; end
	local name, host = jid.split(user);
	if not name then return nil, 500; end
	local is_known = prosody.hosts[host] and usermanager.user_exists(name, host);
	if not is_known or not usermanager.test_password(name, host, password) then
		return nil, 401;
	end
	return jid.join(name, host);
end

local function body_of(request)
	local kind = request.headers.content_type;
	if kind == "text/plain" then return request.body; end -- with a charset it is another type
	if kind == "application/x-www-form-urlencoded" then
		return (url.formdecode(request.body) or {}).body;
	end
	if kind ~= "application/json" then return nil, 415; end
	local parsed = json.decode(request.body);
	if type(parsed) ~= "table" then return nil, 400; end
	return parsed.body;
end

local function post(event, path)
	local sender, refused = login(event.request);
	if not sender then
		if refused == 401 then event.response.headers.www_authenticate = 'Basic realm="msg"'; end
		return refused;
	end
	local text, unusable = body_of(event.request);
	if not text then return unusable or 422; end
	local to = jid.prep(url.urldecode(path));
	if not to then return 422; end
	local origin = {
		type = "component", host = module.host, full_jid = sender,
		send = function() return true; end,
	};
	prosody.core_post_stanza(origin, st.message({ type = "chat", from = sender, to = to }, text));
	return 201;
end

module:provides("http", { default_path = "/msg"; route = { ["POST /*"] = post } });
