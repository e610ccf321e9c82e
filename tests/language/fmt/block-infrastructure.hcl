infrastructure"name"{  
 variables = [  for    a in    local.b : a.c  if a.d]
for_each  = "arn:aws:iam::123456789012:role/x"
environment = null      # note
 connector =    !var.off&&  local.on
name  =    var.x
   description  =  upper("x")
   labels =    0.5
region = { a =    1,   "b"    = local.b}
       exclusive  =    {for    k, v in    var.m:k =>   v... }
   allow_simultaneous_deployments = "text"      # note
override "service" {  
variables    =    self.key
 tags_exclusive    =  -1
reserved_concurrent_executions  =  ["a", "b"]
       code_signing_config_arn    = var.a ==   1 ? "b":   "c"  
       recursive_loop = var.list[*].id

   function {  
       function_name    =    "${var.a}-${local.b}"
 runtime    = release.checkout["dev"].alias.live.arn # note
       handler = 12
role  = each.value
       description = service.x
memory_size  = true
 timeout =  [for a    in    local.b   : a.c if  a.d]  
architectures  =    "arn:aws:iam::123456789012:role/x"
environment =  null# note
 kms_key_arn =    !var.off&& local.on
  source_kms_key_arn= local.key
 layers    = var.x
tags    =  upper("x")

       environment {  
   variables  =    0.5
}

vpc_config{
   subnet_ids  = {   a =  1,"b" = local.b }
security_group_ids =    { for k  ,   v in  var.m :k    =>   v...}
   ipv6_allowed_for_dual_stack =  "text"      # note
}  

 dead_letter_config {
target_arn = self.key
 }

tracing_config {
       mode = -1
   }

   ephemeral_storage{  
   size = [  "a", "b"]  
 }

snap_start {
       apply_on  =  var.a ==1 ?"b"   :"c"  
}

   logging_config {
log_format    = var.list[*].id
 application_log_level =  "${var.a}-${  local.b}"
system_log_level  = release.checkout["dev"].alias.live.arn# note
       log_group =  12
}

       image_config{
       entry_point  = each.value
command =  service.x
       working_directory  =  true
 }

 file_system_configs{  
 arn    =    [for a  in    local.b:a.c    if  a.d]
   local_mount_path  = "arn:aws:iam::123456789012:role/x"  
}

 durable_config {
 execution_timeout    =  null# note
 retention_period_in_days =    !var.off&&    local.on
       kms_key_arn =  var.x
   }  

tenancy_config {
   tenant_isolation_mode  = upper  ("x"  )
       }

capacity_provider_config{  

 lambda_managed_instances_capacity_provider_config {  
 capacity_provider_arn  =  0.5
       per_execution_environment_max_concurrency  = { a = 1, "b" = local.b }
 execution_environment_memory_gib_per_vcpu    = { for  k,v in  var.m: k => v... }
}
   }
 }

       definition{
file = "text"      # note
inline = self.key  

       git{
       connector =    -1
   repo =  ["a"  , "b"]
       branch    = var.a    == 1 ? "b"   : "c"
   tag = var.list[*].id
commit =  "${var.a}-${local.b}"
path =  release.checkout["dev"].alias.live.arn # note
 }  

       s3{
   connector  = 12
bucket =    each.value
key  =  service.x
       version_id = true  
}  
 }

       artifact "local"{
path =  [for  a in    local.b:a.c if    a.d]  
       exclude = "arn:aws:iam::123456789012:role/x"
       }

 artifact "s3"   "extra"{  
   connector =  null# note
 bucket    =    !var.off &&    local.on
   key    = var.x  
key_regex  = upper(  "x"  )
   version_id = 0.5
 region = {a    = 1,   "b"    = local.b }
storage  = { for k,v in var.m   :   k =>v...}
}  

       artifact "ecr" {
   connector =  "text"# note
repository =  self.key  
       tag =  -1
 tag_regex    = ["a", "b"]  
       digest  =    var.a    ==   1 ? "b" : "c"
   registry_id    =  var.list[*].id
region =  "${var.a}-${  local.b}"
}

artifact"nexus" "extra"{
connector  = release.checkout[  "dev"].alias.live.arn# note
   repository = 12
format  =    each.value
group    =    service.x
artifact  =  true  
package =  [for    a    in  local.b : a.c if a.d]
classifier    = "arn:aws:iam::123456789012:role/x"
 extension = null# note
version = !var.off   &&  local.on  
   version_regex = var.x
   }

       artifact "artifactory" {  
connector =    upper  ("x")
       repository  = 0.5
path  = { a    =    1,"b" = local.b   }
 path_regex    = { for k,v in  var.m :k => v...}  
   }

artifact"jenkins""extra"   {  
connector = "text"# note
   job  =  self.key
   build =    -1
       path =    [  "a", "b"]  
}

artifact"custom"   {
script =  var.a    ==1 ? "b" : "c"
versions_path = var.list[*].id  
version_path =  "${var.a  }-${local.b  }"
 attributes  =  release.checkout["dev"].alias.live.arn      # note
       inputs  = 12
   version    = each.value
       version_regex  = service.x
timeout  =  true
}

artifact"http""extra"{
   connector    = [for    a in  local.b: a.c    if    a.d]
url = "arn:aws:iam::123456789012:role/x"
sha256 = null # note
 }

   alias "name"{
 description = !var.off   && local.on  
       function_version = var.x
routing    = upper(  "x"  )
 provisioned_concurrent_executions  =  0.5

       url {
 auth_type = { a  = 1,   "b"    =  local.b   }
       invoke_mode  = { for k  , v  in var.m: k => v... }  

cors   {
   allow_credentials    = "text"      # note
 allow_headers = self.key  
 allow_methods =  -1
 allow_origins = ["a"  ,"b"]  
expose_headers = var.a ==1 ? "b":"c"
max_age    = var.list[*].id
       }  
}  

       permission"id" {
action =  "${  var.a}-${local.b}"
principal = release.checkout["dev"].alias.live.arn# note
source_arn  = 12
       source_account = each.value
 principal_org_id    =  service.x  
 event_source_token    =    true
       function_url_auth_type  =    [for  a    in    local.b   :a.c if a.d]  
invoked_via_function_url   =true
}

 event_invoke{  
 maximum_retry_attempts = "arn:aws:iam::123456789012:role/x"
maximum_event_age_in_seconds = null      # note
       on_success  =    !var.off&& local.on
       on_failure    =    var.x
       }

 strategy{  
type = upper("x"  )
       weights  =  0.5
interval  =    { a    =  1, "b" =  local.b   }
   step = {for  k  , v  in var.m:k =>v...}
}  
}

alias_definition {
file    =  "text" # note
inline  = self.key

 git{
connector    = -1
repo    =  ["a"  ,"b"]
branch = var.a    ==1 ?   "b":   "c"
 tag    = var.list[*].id
   commit =  "${var.a}-${local.b}"
       path  = release.checkout["dev"].alias.live.arn      # note
   }

       s3   {
connector =    12
   bucket    =  each.value
key  =  service.x  
       version_id    =  true  
       }
}  

url{
auth_type = [for a in local.b: a.c if  a.d]  
invoke_mode =  "arn:aws:iam::123456789012:role/x"

 cors {
allow_credentials    = null# note
allow_headers =  !var.off&& local.on
       allow_methods    =    var.x
allow_origins =  upper(  "x")  
 expose_headers    = 0.5
       max_age    =  {a = 1,"b"    =  local.b}
       }  
   }

       permission   "id" {
action    = { for  k,v in    var.m :k => v...   }
principal  = "text" # note
source_arn =    self.key
       source_account =    -1
   principal_org_id =  ["a",   "b"]
   event_source_token =  var.a == 1 ? "b" :"c"  
       function_url_auth_type =    var.list[*].id
invoked_via_function_url   =true
       }

   event_invoke {
 maximum_retry_attempts  =    "${var.a}-${  local.b}"  
       maximum_event_age_in_seconds =  release.checkout["dev"].alias.live.arn # note
on_success = 12
   on_failure =    each.value
}

 runtime_management {
 update_runtime_on    = service.x  
runtime_version_arn  = true  
   }
}
 staging{
 bucket = [for  a  in    local.b   :a.c    if a.d]
       prefix  = "arn:aws:iam::123456789012:role/x"
 keep    =    null      # note
   }
}
